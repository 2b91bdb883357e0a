// adjtimex and clock_adjtime that only read.
#include <sys/timex.h>

#include "../guest.h"

int main(void) {
  struct timex *state = pageEnd(sizeof *state);
  memset(state, 0, sizeof *state);
  succeeded("adjtimex", syscall(SYS_adjtimex, state));
  say("  tick %ld\n", state->tick);
  memset(state, 0, sizeof *state);
  succeeded("clock_adjtime", syscall(SYS_clock_adjtime, poisoned(0), state));
  say("  tick %ld\n", state->tick);
  result("bad address", syscall(SYS_adjtimex, badAddress()));
  return 0;
}
