// Signals of a traced child: each stops it, and its tracer suppresses, changes or passes them.
#include <sys/ptrace.h>

#include "../guest.h"

static volatile int seen;
static void handle(int signal) {
  say("handler of %d\n", signal);
  seen++;
}

static int next(pid_t child) {
  int status = 0;
  need(waitpid(child, &status, 0) == child);
  if (WIFSTOPPED(status)) {
    siginfo_t info = {0};
    ptrace(PTRACE_GETSIGINFO, child, 0, &info);
    say("stopped by %d, code %d\n", WSTOPSIG(status), info.si_code);
    return WSTOPSIG(status);
  }
  if (WIFEXITED(status)) say("exited with %d\n", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) say("killed by %d\n", WTERMSIG(status));
  return 0;
}

int main(void) {
  for (int round = 0; round < 2; round++) {
    pid_t child = fork();
    if (child == 0) {
      ptrace(PTRACE_TRACEME, 0, 0, 0);
      signal(SIGUSR1, handle);
      signal(SIGUSR2, handle);
      signal(SIGCHLD, SIG_IGN);
      raise(SIGSTOP);
      raise(SIGUSR1);  // passed
      say("seen %d\n", seen);
      raise(SIGUSR1);  // suppressed
      say("seen %d\n", seen);
      raise(SIGUSR1);  // changed to SIGUSR2
      say("seen %d\n", seen);
      raise(SIGCHLD);  // ignored, and reported all the same
      raise(SIGTERM);  // passed in the second round
      *(volatile int *)0 = 1;
      _exit(7);
    }
    next(child);
    ptrace(PTRACE_CONT, child, 0, 0);
    for (int i = 0;; i++) {
      int signal = next(child);
      if (signal == 0) break;
      int passed = i == 0 ? SIGUSR1 : i == 1 ? 0 : i == 2 ? SIGUSR2 : signal;
      if (signal == SIGTERM && round == 0) passed = 0;
      need(ptrace(PTRACE_CONT, child, 0, passed) == 0);
    }
  }
  return 0;
}
