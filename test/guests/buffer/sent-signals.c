// A child sends signals of all sorts to its parent, which makes buffered calls: handled, queued, stop and continue.
#include "../buffered-calls.h"

static volatile int usual, queued, sum, continued, children;

static void onSignal(int number, siginfo_t *info, void *context) {
  checkInterrupted(context);
  const int error = errno;
  if (number == SIGUSR1) usual++;
  if (number == SIGCONT) continued++;
  if (number == SIGCHLD) children++;
  if (number == SIGRTMIN + 1) {
    queued++;
    sum += info->si_value.sival_int;
  }
  someBufferedCalls();
  errno = error;
}

int main(void) {
  someBufferedCalls();
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO | SA_RESTART};
  const int handled[] = {SIGUSR1, SIGCONT, SIGCHLD, SIGRTMIN + 1};
  for (int i = 0; i < 4; i++) sigaction(handled[i], &action, 0);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    dieWithParent();
    for (int i = 1; i <= 40; i++) {
      kill(parent, SIGUSR1);
      sigqueue(parent, SIGRTMIN + 1, (union sigval){.sival_int = i});
      sigqueue(parent, SIGRTMIN + 1, (union sigval){.sival_int = i});
      if (i % 4 == 0) {
        kill(parent, SIGSTOP);
        usleep(300);
        kill(parent, SIGCONT);
      }
      usleep(200);
    }
    _exit(0);
  }
  long rounds = 0;
  while (children == 0) {
    someBufferedCalls();
    rounds++;
  }
  while (waitpid(child, 0, WNOHANG) == 0) someBufferedCalls();
  say("usual %d, queued %d, sum %d, continued %s, rounds %ld\n", usual > 0, queued, sum, continued > 0 ? "yes" : "no",
      rounds);
  return 0;
}
