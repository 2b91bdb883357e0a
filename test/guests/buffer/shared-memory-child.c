// A child that shares memory without being a thread (CLONE_VM alone), while its maker goes on; then vfork and
// posix_spawn.
#include <sched.h>
#include <spawn.h>

#include "../buffered-calls.h"

static volatile long made, makers;
static volatile int end;

static int work(void *argument) {
  while (!end) {
    someBufferedCalls();
    made++;
  }
  return 7;
}

int main(int count, char **words) {
  if (count > 1) {
    someBufferedCalls();
    return 3;
  }
  someBufferedCalls();
  char *stack = malloc(65536);
  const pid_t child = clone(work, stack + 65536, CLONE_VM | SIGCHLD, 0);
  need(child > 0);
  while (made < 60 || makers < 60) {
    someBufferedCalls();
    makers++;
  }
  end = 1;
  reap("child", child);
  for (int i = 0; i < 10; i++) {
    const pid_t borrowed = vfork();
    if (borrowed == 0) {
      someBufferedCalls();
      if (i % 2) execl("/proc/self/exe", words[0], "again", NULL);
      _exit(5);
    }
    reap("vfork", borrowed);
    pid_t spawned;
    char *arguments[] = {words[0], (char *)"again", 0};
    need(posix_spawn(&spawned, "/proc/self/exe", 0, 0, arguments, 0) == 0);
    reap("spawn", spawned);
  }
  return 0;
}
