// SIGCHLD: a handler that reaps, SA_NOCLDWAIT, SA_NOCLDSTOP, SIG_IGN.
#include "../guest.h"

static volatile int calls, reaped;

static void onChild(int number) {
  int error = errno;
  calls++;
  while (waitpid(-1, 0, WNOHANG) > 0) reaped++;
  errno = error;
}

int main(void) {
  struct sigaction action = {.sa_handler = onChild, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
  sigaction(SIGCHLD, &action, 0);
  sigset_t block, old;
  sigemptyset(&block);
  sigaddset(&block, SIGCHLD);
  sigprocmask(SIG_BLOCK, &block, &old);
  for (int i = 0; i < 5; i++) {
    if (fork() == 0) _exit(i);
    while (reaped <= i) sigsuspend(&old);
  }
  say("calls %d reaped %d\n", calls, reaped);
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  need(waitpid(child, &status, WUNTRACED) == child);
  sigset_t pending;
  sigpending(&pending);
  say("a stop sends nothing: %d\n", !sigismember(&pending, SIGCHLD));
  kill(child, SIGCONT);
  while (reaped < 6) sigsuspend(&old);
  sigprocmask(SIG_SETMASK, &old, 0);
  action.sa_flags |= SA_NOCLDWAIT;
  action.sa_handler = SIG_DFL;
  sigaction(SIGCHLD, &action, 0);
  child = fork();
  if (child == 0) _exit(3);
  result("SA_NOCLDWAIT: wait ends with", waitpid(child, &status, 0));
  signal(SIGCHLD, SIG_IGN);
  child = fork();
  if (child == 0) _exit(3);
  result("SIG_IGN: wait ends with", waitpid(child, &status, 0));
  return 0;
}
