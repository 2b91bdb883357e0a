// A SIGALRM handler, each 3 ms of a recursion, that notes where it came: the replay must interrupt at the same depths.
#include "../once.h"

enum { kSignals = 60, kSoon = 3000 };

static volatile int hits, depth;
static volatile unsigned long seen;

static void onAlarm(int number unused) {
  seen = seen * 31 + depth;
  if (++hits < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

static int fibonacci(int n) {
  depth++;
  int result = n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
  depth--;
  return result;
}

int main(void) {
  signal(SIGALRM, onAlarm);
  signalOnce(ITIMER_REAL, kSoon);
  int result = fibonacci(33);
  signalOnce(ITIMER_REAL, 0);
  say("%d, hits %d, seen %lu\n", result, hits, seen);
  return 0;
}
