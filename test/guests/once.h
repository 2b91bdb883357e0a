// A timer's signals whose number is bounded by their handler: each asks for the next one. A timer with a period may
// come faster than a recorded handler runs, and then nothing else of the program runs any more, for ever.
#pragma once

#include <sys/time.h>

#include "guest.h"

// SIGALRM (ITIMER_REAL) or SIGPROF (ITIMER_PROF) after so many microseconds, once.
unused static void signalOnce(int timer, long microseconds) {
  const struct itimerval once = {{0, 0}, {microseconds / 1000000, microseconds % 1000000}};
  need(setitimer(timer, &once, 0) == 0);
}
