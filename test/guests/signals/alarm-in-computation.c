// A timer's signal in mid-computation, again and again, with a handler that itself takes longer than the timer's
// period: a signal that came while it was blocked must wait without stopping the program for good. After so many the
// timer ends: where each handler took longer nothing else would run. build: -O2
#include "../once.h"

enum { kSignals = 40 };

static volatile int handled;
static volatile int depth;
static volatile unsigned long seen;

static int fibonacci(int n) {
  depth++;
  int result = n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
  depth--;
  return result;
}

static void onAlarm(int number unused) {
  seen = seen * 31 + depth;
  volatile unsigned long sum = 0;
  if (++handled == kSignals) signalOnce(ITIMER_REAL, 0);
  if (handled % 4 == 0) {
    for (unsigned long i = 0; i < 4000000; i++) sum += i;
  }
}

int main(void) {
  signal(SIGALRM, onAlarm);
  struct itimerval timer = {{0, 3000}, {0, 3000}};
  setitimer(ITIMER_REAL, &timer, 0);
  int result = fibonacci(30);
  signalOnce(ITIMER_REAL, 0);
  say("%d, handled %d, seen %lu\n", result, handled, seen);
  return 0;
}
