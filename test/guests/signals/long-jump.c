// siglongjmp out of a handler for a signal sent, with the mask restored, hundreds of times; plain longjmp without.
#include <setjmp.h>

#include "../guest.h"

static sigjmp_buf back;

static void onSignal(int number) { siglongjmp(back, 1); }

int main(void) {
  signal(SIGUSR1, onSignal);
  volatile int jumps = 0;
  while (jumps < 300)
    if (sigsetjmp(back, 1) == 0) {
      jumps++;
      raise(SIGUSR1);
      say("not reached\n");
    }
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("jumps %d, blocked %d\n", jumps, sigismember(&mask, SIGUSR1));
  if (sigsetjmp(back, 0) == 0) raise(SIGUSR1);
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("without the mask: blocked %d\n", sigismember(&mask, SIGUSR1));
  return 0;
}
