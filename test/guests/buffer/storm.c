// A timer of 0.3 ms over a loop of buffered calls; the handler makes buffered calls itself and looks where it came.
#include <sys/time.h>

#include "../buffered-calls.h"

static volatile int handled;

static void onAlarm(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  const int error = errno;
  someBufferedCalls();
  errno = error;
  handled++;
}

int main(void) {
  someBufferedCalls();
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, 0);
  struct itimerval period = {{0, 300}, {0, 300}};
  setitimer(ITIMER_REAL, &period, 0);
  long rounds = 0;
  while (handled < 40) {
    someBufferedCalls();
    rounds++;
  }
  memset(&period, 0, sizeof period);
  setitimer(ITIMER_REAL, &period, 0);
  say("%d signals over %ld rounds\n", handled, rounds);
  return 0;
}
