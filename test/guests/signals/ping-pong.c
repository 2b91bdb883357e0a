// Parent and child send each other signals in turn, waiting in sigsuspend.
#include "../guest.h"

static volatile int received;

static void onSignal(int number, siginfo_t *info, void *context) { received++; }

int main(void) {
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  sigset_t block, none;
  sigemptyset(&none);
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigprocmask(SIG_BLOCK, &block, 0);
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 100; i++) {
      sigsuspend(&none);
      kill(getppid(), SIGUSR1);
    }
    _exit(received);
  }
  for (int i = 0; i < 100; i++) {
    kill(child, SIGUSR1);
    sigsuspend(&none);
  }
  reap("child", child);
  say("received %d\n", received);
  return 0;
}
