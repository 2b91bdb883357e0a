// waitid: exits, deaths, stops and continuations, with the whole siginfo and rusage.
#include <sys/resource.h>

#include "../guest.h"

static siginfo_t *info;

static void show(const char *what, long value, pid_t child) {
  if (result(what, value) == 0)
    say("  signal %d code %d status %d, pid is the child's %d, uid is mine %d\n", info->si_signo, info->si_code,
        info->si_status, info->si_pid == child, info->si_uid == getuid());
}

int main(void) {
  info = pageEnd(sizeof *info);
  struct rusage *usage = pageEnd(sizeof *usage);
  pid_t child = fork();
  if (child == 0) {
    useMemory();
    _exit(77);
  }
  show("exit", syscall(SYS_waitid, poisoned(P_PID), poisoned(child), info, poisoned(WEXITED), usage), child);
  say("  usage filled %d\n", usage->ru_maxrss > 0);
  child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    raise(SIGSTOP);
    raise(SIGTERM);
    _exit(1);
  }
  show("stop", syscall(SYS_waitid, poisoned(P_PID), poisoned(child), info, poisoned(WSTOPPED), 0L), child);
  need(kill(child, SIGCONT) == 0);
  show("continue", syscall(SYS_waitid, poisoned(P_ALL), poisoned(0), info, poisoned(WCONTINUED), 0L), child);
  show("stop again", syscall(SYS_waitid, poisoned(P_PID), poisoned(child), info, poisoned(WSTOPPED | WEXITED), 0L),
       child);
  need(kill(child, SIGCONT) == 0);
  show("death", syscall(SYS_waitid, poisoned(P_PID), poisoned(child), info, poisoned(WEXITED), 0L), child);
  memset(info, 0xff, sizeof *info);
  result("no child", syscall(SYS_waitid, poisoned(P_ALL), poisoned(0), info, poisoned(WEXITED), 0L));
  child = fork();
  if (child == 0) {
    dieWithParent();
    for (;;) pause();
  }
  memset(info, 0xff, sizeof *info);
  result("WNOHANG, nothing yet",
         syscall(SYS_waitid, poisoned(P_ALL), poisoned(0), info, poisoned(WEXITED | WNOHANG), 0L));
  say("  pid %d\n", info->si_pid);
  result("no kind of event", syscall(SYS_waitid, poisoned(P_ALL), poisoned(0), info, poisoned(0), 0L));
  need(kill(child, SIGKILL) == 0);
  show("SIGKILL", syscall(SYS_waitid, poisoned(P_PGID), poisoned(getpgrp()), info, poisoned(WEXITED), 0L), child);
  return 0;
}
