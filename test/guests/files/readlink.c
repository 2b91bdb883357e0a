// readlink, readlinkat, symlink, symlinkat: a result that is cut off is not terminated.
#include "../guest.h"

static void show(const char *what, long size, const char *buffer) {
  result(what, size);
  if (size > 0) say("  \"%.*s\"\n", (int)size, buffer);
}

int main(void) {
  result("symlink", syscall(SYS_symlink, pageEndString("target-of-the-link"), pageEndString("link")));
  result("symlinkat", syscall(SYS_symlinkat, pageEndString("t"), poisoned(AT_FDCWD), pageEndString("link2")));
  result("symlink existing", syscall(SYS_symlink, "x", "link"));
  result("symlink bad address", syscall(SYS_symlink, badAddress(), "link3"));
  char *buffer = pageEnd(18);
  show("readlink", syscall(SYS_readlink, pageEndString("link"), buffer, poisoned(18)), buffer);
  show("readlink cut off", syscall(SYS_readlink, pageEndString("link"), buffer, poisoned(6)), buffer);
  say("  behind it \"%.2s\"\n", buffer + 6);
  show("readlinkat", syscall(SYS_readlinkat, poisoned(AT_FDCWD), pageEndString("link2"), buffer, poisoned(18)), buffer);
  int link = open("link", O_PATH | O_NOFOLLOW);
  show("readlinkat empty path", syscall(SYS_readlinkat, poisoned(link), "", buffer, poisoned(18)), buffer);
  show("readlink into room for 3", syscall(SYS_readlink, "link", (char *)badAddress() - 3, poisoned(18)), buffer);
  show("readlink size 0", syscall(SYS_readlink, "link", buffer, poisoned(0)), buffer);
  show("readlink not a link", syscall(SYS_readlink, ".", buffer, poisoned(18)), buffer);
  show("readlink missing", syscall(SYS_readlink, "missing", buffer, poisoned(18)), buffer);
  char executable[4096];
  long size = readlink("/proc/self/exe", executable, sizeof executable);
  say("/proc/self/exe ends with the guest's name: %d\n", size > 9 && memmem(executable, size, "readlink", 8) != 0);
  return 0;
}
