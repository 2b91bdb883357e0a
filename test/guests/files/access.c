// access, faccessat, faccessat2, chmod, fchmod, fchmodat, umask.
#include "../guest.h"

static void mode(const char *name) {
  struct stat status;
  need(stat(name, &status) == 0);
  say("  mode %o\n", status.st_mode);
}

int main(void) {
  int file = patternFile("file", 10);
  result("access F_OK", syscall(SYS_access, pageEndString("file"), poisoned(F_OK)));
  result("access R_OK|W_OK", syscall(SYS_access, "file", poisoned(R_OK | W_OK)));
  result("access X_OK", syscall(SYS_access, "file", poisoned(X_OK)));
  result("access missing", syscall(SYS_access, "missing", poisoned(F_OK)));
  result("access unknown mode", syscall(SYS_access, "file", poisoned(64)));
  result("access bad address", syscall(SYS_access, badAddress(), poisoned(F_OK)));
  result("faccessat", syscall(SYS_faccessat, poisoned(AT_FDCWD), "file", poisoned(R_OK)));
  result("faccessat2", syscall(SYS_faccessat2, poisoned(AT_FDCWD), "file", poisoned(R_OK), poisoned(AT_EACCESS)));
  result("chmod", syscall(SYS_chmod, pageEndString("file"), poisoned(0751)));
  mode("file");
  result("fchmod", syscall(SYS_fchmod, poisoned(file), poisoned(04640)));
  mode("file");
  result("fchmodat", syscall(SYS_fchmodat, poisoned(AT_FDCWD), "file", poisoned(0600)));
  mode("file");
  result("chmod missing", syscall(SYS_chmod, "missing", poisoned(0600)));
  syscall(SYS_umask, poisoned(027));
  say("umask %lo\n", syscall(SYS_umask, poisoned(0)));
  close(open("open", O_CREAT | O_WRONLY, 0666));
  mode("open");
  return 0;
}
