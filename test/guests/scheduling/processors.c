// What a program is told of its processors: affinity, as set and as asked for, and the one that it runs on.
#include <sched.h>

#include "../guest.h"

static void tell(const char *when) {
  cpu_set_t set;
  need(sched_getaffinity(0, sizeof set, &set) == 0);
  int processor = sched_getcpu();
  say("%s: %d processors, runs on one of them: %d\n", when, CPU_COUNT(&set), CPU_ISSET(processor, &set) != 0);
}

int main(void) {
  cpu_set_t all, one;
  tell("at first");
  need(sched_getaffinity(0, sizeof all, &all) == 0);
  int last = -1;
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET(i, &all)) last = i;
  }
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  result("the last", sched_setaffinity(0, sizeof one, &one));
  tell("the last");
  say("that is where it runs: %d\n", sched_getcpu() == last);
  pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    tell("child");
    _exit(0);
  }
  reap("child", child);
  // Many programs bind themselves to this one without asking which there are.
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  result("the first", sched_setaffinity(0, sizeof one, &one));
  tell("the first");
  say("that is where it runs: %d\n", sched_getcpu() == 0);
  // By the old entry, which the kernel emulates where it has it at all.
  FILE *maps = fopen("/proc/self/maps", "r");
  need(maps != 0);
  char line[4096];
  unsigned processor = 0;
  while (fgets(line, sizeof line, maps)) {
    if (!strstr(line, "[vsyscall]")) continue;
    ((long (*)(unsigned *, unsigned *, void *))0xffffffffff600800)(&processor, 0, 0);
  }
  fclose(maps);
  say("by the old entry: %u\n", processor);
  CPU_ZERO(&one);
  result("none", sched_setaffinity(0, sizeof one, &one));
  CPU_SET(1000, &one);
  result("far away", sched_setaffinity(0, sizeof one, &one));
  result("bad address", sched_setaffinity(0, sizeof one, badAddress()));
  result("nobody", sched_setaffinity(999999999, sizeof all, &all));
  result("all", sched_setaffinity(0, sizeof all, &all));
  tell("all");
  return 0;
}
