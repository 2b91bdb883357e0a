// rt_sigtimedwait, sigwait, rt_sigpending, rt_sigprocmask: blocked signals taken without a handler.
#include <time.h>

#include "../guest.h"

int main(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  sigaddset(&set, SIGRTMIN + 3);
  sigset_t *raw = pageEnd(8), *old = pageEnd(8);
  memcpy(raw, &set, 8);
  result("rt_sigprocmask", syscall(SYS_rt_sigprocmask, poisoned(SIG_BLOCK), raw, old, 8L));
  say("  old empty %d\n", *(uint64_t *)old == 0);
  siginfo_t *info = pageEnd(sizeof *info);
  struct timespec *limit = pageEnd(sizeof *limit);
  *limit = (struct timespec){0, 10000000};
  result("nothing within 10 ms", syscall(SYS_rt_sigtimedwait, raw, info, limit, 8L));
  *limit = (struct timespec){0, 0};
  result("nothing now", syscall(SYS_rt_sigtimedwait, raw, info, limit, 8L));
  raise(SIGUSR1);
  raise(SIGUSR1);
  union sigval value;
  for (int i = 0; i < 3; i++) value.sival_int = i * 10, sigqueue(getpid(), SIGRTMIN + 3, value);
  uint64_t *pending = pageEnd(8);
  result("rt_sigpending", syscall(SYS_rt_sigpending, pending, 8L));
  say("  %lx\n", *pending);
  long number;
  *limit = (struct timespec){1, 0};
  for (int i = 0; i < 4; i++) {
    number = syscall(SYS_rt_sigtimedwait, raw, info, limit, 8L);
    say("taken %ld code %d value %d\n", number, info->si_code,
        info->si_code == SI_QUEUE ? info->si_value.sival_int : -1);
  }
  pid_t child = fork();
  if (child == 0) {
    value.sival_int = 777;
    _exit(sigqueue(getppid(), SIGRTMIN + 3, value) == 0 ? 0 : 1);
  }
  number = syscall(SYS_rt_sigtimedwait, raw, info, 0L, 8L);
  say("from the child %ld value %d pid %d\n", number, info->si_value.sival_int, info->si_pid == child);
  reap("child", child);
  result("bad address", syscall(SYS_rt_sigtimedwait, badAddress(), info, limit, 8L));
  result("unknown how", syscall(SYS_rt_sigprocmask, poisoned(55), raw, 0L, 8L));
  result("old at bad address", syscall(SYS_rt_sigprocmask, poisoned(SIG_BLOCK), raw, badAddress(), 8L));
  return 0;
}
