// A timer of 0.3 ms over a loop of buffered calls; the handler makes buffered calls itself and looks where it came.
#include "../buffered-calls.h"
#include "../once.h"

enum { kSignals = 40, kSoon = 300 };

static volatile int handled;

static void onAlarm(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  const int error = errno;
  someBufferedCalls();
  if (++handled < kSignals) signalOnce(ITIMER_REAL, kSoon);
  errno = error;
}

int main(void) {
  someBufferedCalls();
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, 0);
  signalOnce(ITIMER_REAL, kSoon);
  long rounds = 0;
  while (handled < kSignals) {
    someBufferedCalls();
    rounds++;
  }
  say("%d signals over %ld rounds\n", handled, rounds);
  return 0;
}
