// Priorities, policies, affinity: a recording may show one processor, so only relations are printed.
#include <sched.h>
#include <sys/resource.h>

#include "../guest.h"

int main(void) {
  say("getpriority %ld\n", syscall(SYS_getpriority, poisoned(PRIO_PROCESS), poisoned(0)));
  result("setpriority", syscall(SYS_setpriority, poisoned(PRIO_PROCESS), poisoned(0), poisoned(5)));
  say("getpriority %ld\n", syscall(SYS_getpriority, poisoned(PRIO_PROCESS), poisoned(0)));
  result("sched_getscheduler", syscall(SYS_sched_getscheduler, poisoned(0)));
  struct sched_param *parameter = pageEnd(sizeof *parameter);
  result("sched_getparam", syscall(SYS_sched_getparam, poisoned(0), parameter));
  say("  %d\n", parameter->sched_priority);
  parameter->sched_priority = 0;
  result("sched_setscheduler batch", syscall(SYS_sched_setscheduler, poisoned(0), poisoned(SCHED_BATCH), parameter));
  result("sched_getscheduler", syscall(SYS_sched_getscheduler, poisoned(0)));
  result("priority max", syscall(SYS_sched_get_priority_max, poisoned(SCHED_FIFO)));
  result("priority min", syscall(SYS_sched_get_priority_min, poisoned(SCHED_FIFO)));
  unsigned char *set = pageEnd(128);
  long size = syscall(SYS_sched_getaffinity, poisoned(0), poisoned(128), set);
  int processors = 0;
  for (int i = 0; i < size * 8; i++) processors += set[i / 8] >> i % 8 & 1;
  say("sched_getaffinity: whole words %d, at least one %d\n", size % 8 == 0, processors > 0);
  result("sched_getaffinity too small", syscall(SYS_sched_getaffinity, poisoned(0), poisoned(1), set));
  result("sched_getaffinity bad address", syscall(SYS_sched_getaffinity, poisoned(0), poisoned(128), badAddress()));
  say("sched_setaffinity %ld\n", syscall(SYS_sched_setaffinity, poisoned(0), poisoned((int)size), set));
  struct timespec *interval = pageEnd(16);
  result("sched_rr_get_interval", syscall(SYS_sched_rr_get_interval, poisoned(0), interval));
  char *attributes = pageEnd(48);
  result("sched_getattr", syscall(SYS_sched_getattr, poisoned(0), attributes, poisoned(48), poisoned(0)));
  result("sched_yield", syscall(SYS_sched_yield));
  result("ioprio_get", syscall(SYS_ioprio_get, poisoned(1), poisoned(0)));
  return 0;
}
