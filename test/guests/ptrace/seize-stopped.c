// A stopped child that is seized and interrupted, and continues before its tracer listens: one stop tells all of that.
#include <sys/ptrace.h>

#include "../guest.h"

static void next(const char *what, pid_t child) {
  int status = 0;
  need(waitpid(child, &status, __WALL) == child && WIFSTOPPED(status));
  say("%s: stopped by %d, event %d\n", what, WSTOPSIG(status), status >> 16);
}

int main(void) {
  int status = 0;
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    dieWithParent();
    need(kill(getpid(), SIGSTOP) == 0);
    _exit(3);
  }
  need(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  need(ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL) == 0);
  next("seized", child);
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  need(kill(child, SIGCONT) == 0);
  result("listen", ptrace(PTRACE_LISTEN, child, 0, 0));
  next("continued", child);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  next("its signal", child);
  // Any other stop obeys the interrupt as well.
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  need(ptrace(PTRACE_SYSCALL, child, 0, SIGCONT) == 0);
  next("interrupted", child);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  return 0;
}
