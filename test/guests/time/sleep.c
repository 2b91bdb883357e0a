// nanosleep and clock_nanosleep: relative, absolute, bad values, and at least as long as asked.
#include <time.h>

#include "../guest.h"

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(void) {
  struct timespec wait = {0, 20000000}, *left = pageEnd(sizeof *left);
  left->tv_sec = 77;
  int64_t start = now();
  result("nanosleep", syscall(SYS_nanosleep, pageEndCopy(&wait, sizeof wait), left));
  say("  long enough %d, rest untouched %ld\n", now() - start >= 20000000, left->tv_sec);
  start = now();
  result("clock_nanosleep", syscall(SYS_clock_nanosleep, poisoned(CLOCK_MONOTONIC), poisoned(0), &wait, left));
  say("  long enough %d\n", now() - start >= 20000000);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += 15000000;
  if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
  result("clock_nanosleep absolute",
         syscall(SYS_clock_nanosleep, poisoned(CLOCK_MONOTONIC), poisoned(TIMER_ABSTIME), &until, 0L));
  say("  not before %d\n", now() >= until.tv_sec * 1000000000LL + until.tv_nsec);
  wait.tv_nsec = 1000000000;
  result("bad nanoseconds", syscall(SYS_nanosleep, &wait, left));
  result("bad address", syscall(SYS_nanosleep, badAddress(), left));
  result("unknown clock", syscall(SYS_clock_nanosleep, poisoned(777), poisoned(0), &wait, left));
  return 0;
}
