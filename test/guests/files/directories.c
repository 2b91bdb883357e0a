// mkdir, mkdirat, rmdir, chdir, fchdir, getcwd.
#include "../guest.h"

int main(void) {
  result("mkdir", syscall(SYS_mkdir, pageEndString("one"), poisoned(0755)));
  result("mkdir again", syscall(SYS_mkdir, "one", poisoned(0755)));
  result("mkdir below nothing", syscall(SYS_mkdir, "none/x", poisoned(0755)));
  result("mkdir bad address", syscall(SYS_mkdir, badAddress(), poisoned(0755)));
  int here = open(".", O_RDONLY | O_DIRECTORY);
  int one = open("one", O_RDONLY | O_DIRECTORY);
  result("mkdirat", syscall(SYS_mkdirat, poisoned(one), pageEndString("two"), poisoned(0700)));
  result("rmdir not empty", syscall(SYS_rmdir, "one"));
  result("rmdir missing", syscall(SYS_rmdir, "none"));
  char before[4096];
  long length = syscall(SYS_getcwd, before, 4096L);
  say("getcwd length is that of the string with its end: %d\n", length == (long)strlen(before) + 1);
  result("chdir", syscall(SYS_chdir, pageEndString("one/two")));
  char *exact = pageEnd(length + 8);
  say("getcwd at the end of a page: %d\n", syscall(SYS_getcwd, exact, length + 8) == length + 8);
  say("  \"%s\"\n", exact + length - 1);
  result("getcwd too small", syscall(SYS_getcwd, exact, length + 7));
  result("getcwd bad address", syscall(SYS_getcwd, badAddress(), 4096L));
  result("chdir missing", syscall(SYS_chdir, "none"));
  result("fchdir", syscall(SYS_fchdir, poisoned(here)));
  result("fchdir bad", syscall(SYS_fchdir, poisoned(99)));
  result("rmdir", syscall(SYS_rmdir, "one/two"));
  result("rmdir", syscall(SYS_rmdir, pageEndString("one")));
  char after[4096];
  need(getcwd(after, sizeof after) != 0);
  say("back where it was: %d\n", strcmp(before, after) == 0);
  return 0;
}
