// chown, fchown, lchown, fchownat: to oneself, which anybody may.
#include "../guest.h"

int main(void) {
  int file = patternFile("file", 10);
  need(symlink("file", "link") == 0);
  result("chown", syscall(SYS_chown, pageEndString("file"), poisoned(getuid()), poisoned(getgid())));
  result("chown -1", syscall(SYS_chown, "file", poisoned(-1), poisoned(-1)));
  result("fchown", syscall(SYS_fchown, poisoned(file), poisoned(-1), poisoned(getgid())));
  result("lchown", syscall(SYS_lchown, "link", poisoned(-1), poisoned(-1)));
  result("fchownat",
         syscall(SYS_fchownat, poisoned(AT_FDCWD), "link", poisoned(-1), poisoned(-1), poisoned(AT_SYMLINK_NOFOLLOW)));
  result("chown missing", syscall(SYS_chown, "missing", poisoned(-1), poisoned(-1)));
  result("chown bad address", syscall(SYS_chown, badAddress(), poisoned(-1), poisoned(-1)));
  struct stat status;
  need(fstat(file, &status) == 0);
  say("owner is me: %d\n", status.st_uid == getuid());
  return 0;
}
