// A SIGALRM handler, each 3 ms of a recursion, that notes where it came: the replay must interrupt at the same depths.
#include <sys/time.h>

#include "../guest.h"

static volatile int hits, depth;
static volatile unsigned long seen;

static void onAlarm(int number unused) {
  hits++;
  seen = seen * 31 + depth;
}

static int fibonacci(int n) {
  depth++;
  int result = n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
  depth--;
  return result;
}

int main(void) {
  signal(SIGALRM, onAlarm);
  struct itimerval timer = {{0, 3000}, {0, 3000}}, off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &timer, 0);
  int result = fibonacci(33);
  setitimer(ITIMER_REAL, &off, 0);
  say("%d, hits %d, seen %lu\n", result, hits, seen);
  return 0;
}
