// A timer of 0.2 ms, again and again, over a loop of rdtsc; the handler reads the counter by the same instruction, by
// others, and looks where it came.
#include <sys/time.h>

#include "../buffered-calls.h"
#include "counter.h"

static volatile int handled, backward, readings;
static volatile uint64_t last;

static void startTimer(void) {
  const struct itimerval period = {{0, 0}, {0, 200}};
  need(setitimer(ITIMER_REAL, &period, 0) == 0);
}

static void look(uint64_t now) {
  backward += now <= last;
  last = now;
  readings++;
}

static void onAlarm(int number, siginfo_t *info, void *context) {
  unsigned processor;
  checkInterrupted(context);
  look(readHot());
  look(readHotAux(&processor));
  if (handled % 4 == 0) look(readCold(handled / 4));
  if (++handled < 60) startTimer();
}

int main(void) {
  makeHot();
  struct sigaction action = {.sa_sigaction = onAlarm, .sa_flags = SA_SIGINFO};
  sigaction(SIGALRM, &action, 0);
  startTimer();
  uint64_t hash = 0;
  while (handled < 60) {
    const uint64_t before = last;
    const uint64_t now = readHot();
    // A handler in between has the later one.
    backward += now <= before;
    hash = hash * 31 + now;
  }
  say("%d signals, %d backward in %d, %016lx\n", handled, backward, readings, hash);
  return 0;
}
