// getrusage, times, and prlimit of a child: filled in, and in relation.
// build: -O0
#include <sys/resource.h>
#include <sys/times.h>

#include "../guest.h"

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    useMemory();
    for (volatile int i = 0; i < 30000000; i++)
      ;
    _exit(0);
  }
  reap("child", child);
  struct rusage *usage = pageEnd(sizeof *usage);
  result("RUSAGE_CHILDREN", syscall(SYS_getrusage, poisoned(RUSAGE_CHILDREN), usage));
  // By which share is a matter of where the kernel's ticks came: all may have been taken for the system's.
  const struct timeval user = usage->ru_utime;
  const struct timeval system = usage->ru_stime;
  const long used = (user.tv_sec + system.tv_sec) * 1000000 + user.tv_usec + system.tv_usec;
  say("  time was used %d, memory %d\n", used > 0, usage->ru_maxrss > 0);
  result("RUSAGE_SELF", syscall(SYS_getrusage, poisoned(RUSAGE_SELF), usage));
  result("RUSAGE_THREAD", syscall(SYS_getrusage, poisoned(RUSAGE_THREAD), usage));
  result("unknown", syscall(SYS_getrusage, poisoned(77), usage));
  result("bad address", syscall(SYS_getrusage, poisoned(RUSAGE_SELF), badAddress()));
  struct tms *times_ = pageEnd(sizeof *times_);
  succeeded("times", syscall(SYS_times, times_));
  say("  positive %d\n", times_->tms_cutime + times_->tms_cstime >= 0);
  return 0;
}
