// Children that die of a timer's signal in mid-code, after writing to memory that their parent looks at.
#include <sys/time.h>

#include "../buffered-calls.h"

int main(void) {
  someBufferedCalls();
  volatile long *shared = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(shared != MAP_FAILED);
  for (int i = 0; i < 20; i++) {
    const pid_t child = fork();
    if (child == 0) {
      const struct itimerval once = {{0, 0}, {0, 500 + i * 200}};
      setitimer(ITIMER_REAL, &once, 0);
      for (;;) {
        if (i % 2) someBufferedCalls();
        shared[i]++;
      }
    }
    reap("child", child);
    say("%ld rounds\n", shared[i]);
  }
  return 0;
}
