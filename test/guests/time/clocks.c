// Every clock, through the vdso and through the system call: they agree and do not go back.
#include <sys/time.h>
#include <time.h>

#include "../guest.h"

static int64_t nanoseconds(const struct timespec *time) { return time->tv_sec * 1000000000LL + time->tv_nsec; }

int main(void) {
  clockid_t clocks[] = {CLOCK_REALTIME,          CLOCK_MONOTONIC,     CLOCK_PROCESS_CPUTIME_ID,
                        CLOCK_THREAD_CPUTIME_ID, CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
                        CLOCK_MONOTONIC_COARSE,  CLOCK_BOOTTIME,      CLOCK_TAI};
  for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
    struct timespec first, second, *raw = pageEnd(sizeof *raw), *resolution = pageEnd(sizeof *resolution);
    int one = clock_gettime(clocks[i], &first);
    int two = syscall(SYS_clock_gettime, poisoned(clocks[i]), raw);
    int three = clock_gettime(clocks[i], &second);
    syscall(SYS_clock_getres, poisoned(clocks[i]), resolution);
    say("clock %d: %d %d %d, in order %d, resolution %d\n", clocks[i], one, two, three,
        nanoseconds(&first) <= nanoseconds(raw) && nanoseconds(raw) <= nanoseconds(&second),
        nanoseconds(resolution) > 0);
  }
  struct timeval *day = pageEnd(sizeof *day);
  struct timezone *zone = pageEnd(sizeof *zone);
  result("gettimeofday", syscall(SYS_gettimeofday, day, zone));
  struct timeval library;
  gettimeofday(&library, 0);
  say("  same second or the next: %d\n", library.tv_sec - day->tv_sec <= 1);
  time_t *seconds = pageEnd(sizeof *seconds);
  long value = syscall(SYS_time, seconds);
  say("time: stored what it returned %d, in order %d\n", *seconds == value, time(0) >= value);
  result("time bad address", syscall(SYS_time, badAddress()));
  result("clock_gettime unknown clock", syscall(SYS_clock_gettime, poisoned(12345), seconds));
  result("clock_gettime bad address", syscall(SYS_clock_gettime, poisoned(CLOCK_MONOTONIC), badAddress()));
  result("clock_settime", syscall(SYS_clock_settime, poisoned(CLOCK_MONOTONIC), seconds));
  return 0;
}
