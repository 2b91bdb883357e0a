// timerfd: settings, expirations, reading while it waits, absolute times.
#include <sys/timerfd.h>
#include <time.h>

#include "../guest.h"

int main(void) {
  int timer = syscall(SYS_timerfd_create, poisoned(CLOCK_MONOTONIC), poisoned(TFD_NONBLOCK));
  uint64_t *count = pageEnd(8);
  struct itimerspec setting = {{0, 0}, {0, 200000000}}, *old = pageEnd(sizeof *old);
  result("settime",
         syscall(SYS_timerfd_settime, poisoned(timer), poisoned(0), pageEndCopy(&setting, sizeof setting), old));
  say("  old %ld\n", old->it_value.tv_nsec);
  result("read too early", read(timer, count, 8));
  result("gettime", syscall(SYS_timerfd_gettime, poisoned(timer), old));
  say("  running %d\n", old->it_value.tv_nsec > 0);
  need(fcntl(timer, F_SETFL, 0) == 0);
  result("read", read(timer, count, 8));
  say("  %lu\n", *count);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  setting.it_value = (struct timespec){now.tv_sec - 1, 0};
  result("settime in the past", timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, 0));
  result("read", read(timer, count, 8));
  say("  %lu\n", *count);
  result("read bad address", (timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, 0), read(timer, badAddress(), 8)));
  result("unknown clock", timerfd_create(77, 0));
  setting.it_value.tv_nsec = 2000000000;
  result("bad time", timerfd_settime(timer, 0, &setting, 0));
  return 0;
}
