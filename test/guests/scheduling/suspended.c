// SIGCHLD and sigsuspend: children end while their parent blocks the signal, or sleeps in sigsuspend, or on its way
// there.
#include "../guest.h"

enum { children = 40 };
static volatile sig_atomic_t gone;

static void reapAll(int signal unused) {
  while (waitpid(-1, 0, WNOHANG) > 0) gone++;
}

int main(void) {
  sigset_t chld, before;
  sigemptyset(&chld);
  sigaddset(&chld, SIGCHLD);
  need(sigprocmask(SIG_BLOCK, &chld, &before) == 0);
  need(sigaction(SIGCHLD, &(struct sigaction){.sa_handler = reapAll}, 0) == 0);
  for (int i = 0; i < children; i++) {
    pid_t child = fork();
    need(child >= 0);
    if (child == 0) {
      if (i % 3 == 0) usleep(500);
      _exit(0);
    }
    if (i % 4 == 3) {
      while (gone <= i - 2) sigsuspend(&before);
    }
  }
  while (gone < children) sigsuspend(&before);
  say("gone %d\n", (int)gone);
  return 0;
}
