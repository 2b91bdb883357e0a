// PTRACE_INTERRUPT of a task whose group is stopped: while it listens, and where its tracer has let it run on.
#include <sys/ptrace.h>

#include "../guest.h"

static void next(const char *what, pid_t child) {
  int status = 0;
  need(waitpid(child, &status, __WALL) == child && WIFSTOPPED(status));
  say("%s: stopped by %d, event %d\n", what, WSTOPSIG(status), status >> 16);
}

static void stopGroup(pid_t child, int signal) {
  need(kill(child, signal) == 0);
  next("signal", child);
  need(ptrace(PTRACE_CONT, child, 0, signal) == 0);
  next("group", child);
}

static void endStop(pid_t child) {
  need(kill(child, SIGCONT) == 0);
  next("goes on", child);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  next("its signal", child);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
}

int main(void) {
  char byte;
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    dieWithParent();
    // SIGTSTP does nothing to a group that nobody of its session watches.
    need(setpgid(0, 0) == 0);
    signal(SIGUSR1, SIG_IGN);
    need(write(ends[1], "r", 1) == 1);
    for (;;) pause();
  }
  need(read(ends[0], &byte, 1) == 1);
  need(ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL) == 0);
  const int signals[] = {SIGSTOP, SIGTSTP};
  for (int i = 0; i < 2; i++) {
    stopGroup(child, signals[i]);
    need(ptrace(PTRACE_LISTEN, child, 0, 0) == 0);
    result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
    next("while it listens", child);
    need(ptrace(PTRACE_LISTEN, child, 0, 0) == 0);
    endStop(child);
  }
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  next("of no stopped group", child);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  stopGroup(child, SIGSTOP);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  next("let run on", child);
  // Two are one.
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  next("interrupted while stopped", child);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  need(kill(child, SIGUSR1) == 0);
  next("no further stop", child);
  need(kill(child, SIGKILL) == 0);
  reap("child", child);
  return 0;
}
