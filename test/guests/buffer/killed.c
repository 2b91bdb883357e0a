// Children that are killed while they make buffered calls, by signals of several kinds and at random times; what they
// wrote to shared memory before is seen afterwards.
#include <time.h>

#include "../buffered-calls.h"

int main(void) {
  someBufferedCalls();
  volatile long *shared = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(shared != MAP_FAILED);
  static const int signals[] = {SIGKILL, SIGTERM, SIGABRT, SIGSEGV, SIGQUIT, SIGALRM};
  for (int i = 0; i < 30; i++) {
    shared[i] = 0;
    const pid_t child = fork();
    if (child == 0) {
      for (;;) {
        someBufferedCalls();
        shared[i]++;
      }
    }
    const struct timespec wait = {0, 100000 + i * 100000};
    nanosleep(&wait, 0);
    kill(child, signals[i % 6]);
    reap("child", child);
    say("%ld rounds\n", shared[i]);
  }
  return 0;
}
