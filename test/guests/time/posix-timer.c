// timer_create, timer_settime, timer_gettime, timer_getoverrun, timer_delete, with a value in the signal.
#include <time.h>

#include "../guest.h"

int main(void) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGRTMIN);
  sigprocmask(SIG_BLOCK, &mask, 0);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 4711};
  int *timer = pageEnd(sizeof *timer);
  result("timer_create",
         syscall(SYS_timer_create, poisoned(CLOCK_MONOTONIC), pageEndCopy(&event, sizeof event), timer));
  struct itimerspec time = {{0, 0}, {0, 20000000}}, *old = pageEnd(sizeof *old);
  result("timer_settime",
         syscall(SYS_timer_settime, poisoned(*timer), poisoned(0), pageEndCopy(&time, sizeof time), old));
  result("timer_gettime", syscall(SYS_timer_gettime, poisoned(*timer), old));
  say("  running %d\n", old->it_value.tv_nsec > 0);
  siginfo_t info;
  result("sigwaitinfo", sigwaitinfo(&mask, &info) == SIGRTMIN);
  say("  code %d value %d\n", info.si_code, info.si_value.sival_int);
  result("timer_getoverrun", syscall(SYS_timer_getoverrun, poisoned(*timer)));
  result("timer_delete", syscall(SYS_timer_delete, poisoned(*timer)));
  result("timer_delete again", syscall(SYS_timer_delete, poisoned(*timer)));
  result("unknown clock", syscall(SYS_timer_create, poisoned(777), 0L, timer));
  result("bad address", syscall(SYS_timer_create, poisoned(CLOCK_MONOTONIC), 0L, badAddress()));
  return 0;
}
