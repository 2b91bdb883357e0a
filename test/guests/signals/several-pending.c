// Several signals unblocked at once: order, and frames built one on another before the first handler runs.
#include "../guest.h"

static void onSignal(int number) { say("handler %d\n", number); }

int main(void) {
  int numbers[] = {SIGUSR2, SIGUSR1, SIGHUP, SIGRTMIN + 1, SIGRTMIN + 1, SIGRTMIN, SIGTERM};
  sigset_t block, old;
  sigemptyset(&block);
  for (int i = 0; i < 7; i++) {
    sigaddset(&block, numbers[i]);
    signal(numbers[i], onSignal);
  }
  sigprocmask(SIG_BLOCK, &block, &old);
  for (int i = 0; i < 7; i++) kill(getpid(), numbers[i]);
  say("unblock\n");
  sigprocmask(SIG_SETMASK, &old, 0);
  say("done\n");
  return 0;
}
