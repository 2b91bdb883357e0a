// Extended attributes by path, link and descriptor; sizes asked with 0, and too small.
#include <sys/xattr.h>

#include "../guest.h"

int main(void) {
  int file = patternFile("file", 10);
  char *name = pageEndString("user.colour");
  result("setxattr", syscall(SYS_setxattr, "file", name, pageEndString("green"), 5L, poisoned(0)));
  result("setxattr XATTR_CREATE", syscall(SYS_setxattr, "file", name, "red", 3L, poisoned(XATTR_CREATE)));
  result("fsetxattr", syscall(SYS_fsetxattr, poisoned(file), "user.shape", "round", 5L, poisoned(0)));
  char *value = pageEnd(5);
  if (result("getxattr", syscall(SYS_getxattr, "file", name, value, 5L)) > 0) say("  %.5s\n", value);
  if (result("fgetxattr", syscall(SYS_fgetxattr, poisoned(file), "user.shape", value, 5L)) > 0) say("  %.5s\n", value);
  result("lgetxattr", syscall(SYS_lgetxattr, "file", name, value, 5L));
  result("getxattr size", syscall(SYS_getxattr, "file", name, 0L, 0L));
  result("getxattr too small", syscall(SYS_getxattr, "file", name, value, 2L));
  result("getxattr bad address", syscall(SYS_getxattr, "file", name, badAddress(), 5L));
  result("getxattr missing", syscall(SYS_getxattr, "file", "user.none", value, 5L));
  char *list = pageEnd(64);
  long size = result("listxattr", syscall(SYS_listxattr, "file", list, 64L));
  for (long at = 0; at < size; at += strlen(list + at) + 1) say("  %s\n", list + at);
  result("flistxattr size", syscall(SYS_flistxattr, poisoned(file), 0L, 0L));
  result("llistxattr too small", syscall(SYS_llistxattr, "file", list, 3L));
  result("removexattr", syscall(SYS_removexattr, "file", name));
  result("fremovexattr", syscall(SYS_fremovexattr, poisoned(file), "user.shape"));
  result("lremovexattr again", syscall(SYS_lremovexattr, "file", name));
  return 0;
}
