// A task that lowers its own real-time priority gives way at once; what it may change without privilege the kernel
// judges by the policy and the priority that it has.
#include <sched.h>

#include "../guest.h"

int main(void) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  need(sched_setaffinity(0, sizeof one, &one) == 0);
  volatile int *count = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(count != MAP_FAILED);
  if (result("fifo", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){20})) != 0) return 0;
  result("affinity of nobody, no mask", sched_setaffinity(0x3fffff, sizeof one, 0));
  result("affinity of nobody", sched_setaffinity(0x3fffff, sizeof one, &one));
  pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    (*count)++;
    _exit(0);
  }
  // On one processor the child of the same priority waits until this one gives way.
  say("before: %d\n", *count);
  need(sched_setparam(0, &(struct sched_param){10}) == 0);
  say("lower: %d\n", *count);
  reap("child", child);

  need(setresuid(65534, 65534, 65534) == 0);
  result("raise", sched_setparam(0, &(struct sched_param){11}));
  result("raise anew", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){11}));
  result("same", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){10}));
  result("zero", sched_setparam(0, &(struct sched_param){0}));
  struct sched_param parameter = {-1};
  need(sched_getparam(0, &parameter) == 0);
  say("policy %d priority %d\n", sched_getscheduler(0), parameter.sched_priority);
  result("lower still", sched_setparam(0, &(struct sched_param){9}));
  result("other", sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}));
  result("fifo again", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){1}));
  say("policy %d\n", sched_getscheduler(0));
  return 0;
}
