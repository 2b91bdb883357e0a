// setsid, getsid, setpgid, getpgid, getpgrp: relations, not numbers.
#include "../guest.h"

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    say("own group %d\n", syscall(SYS_getpgrp) == getpid());
    result("setpgid", syscall(SYS_setpgid, poisoned(0), poisoned(0)));
    say("own group %d\n", syscall(SYS_getpgid, poisoned(0)) == getpid());
    result("setsid as group leader", syscall(SYS_setsid));
    pid_t grandchild = fork();
    if (grandchild == 0) {
      say("group of the parent %d\n", getpgrp() == getppid());
      say("setsid %d\n", syscall(SYS_setsid) == getpid());
      say("session %d group %d\n", syscall(SYS_getsid, poisoned(0)) == getpid(), getpgrp() == getpid());
      result("setpgid of a session leader", syscall(SYS_setpgid, poisoned(0), poisoned(0)));
      _exit(0);
    }
    reap("grandchild", grandchild);
    _exit(0);
  }
  reap("child", child);
  result("getsid of nobody", syscall(SYS_getsid, poisoned(0x3ffffff)));
  result("setpgid of nobody", syscall(SYS_setpgid, poisoned(0x3ffffff), poisoned(0)));
  result("setpgid negative", syscall(SYS_setpgid, poisoned(0), poisoned(-5)));
  int ends[2];
  need(pipe(ends) == 0);
  char byte;
  child = fork();
  if (child == 0) _exit(read(ends[0], &byte, 1));
  result("setpgid of the child", setpgid(child, child));
  say("killpg %d\n", killpg(child, SIGTERM));
  reap("by its group", child);
  return 0;
}
