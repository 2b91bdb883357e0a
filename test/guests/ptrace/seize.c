// PTRACE_SEIZE, INTERRUPT and LISTEN: stops without signals, and group stops.
#include <sys/ptrace.h>

#include "../guest.h"

static void next(pid_t child) {
  int status = 0;
  need(waitpid(child, &status, __WALL) == child);
  if (WIFSTOPPED(status)) {
    say("stopped by %d, event %d\n", WSTOPSIG(status), status >> 16);
  } else {
    say("status %x\n", status);
  }
}

static int ends[2];

static void take(int signal) {
  say("handler of %d\n", signal);
  need(write(ends[1], "h", 1) == 1);
}

int main(void) {
  char byte;
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    dieWithParent();
    signal(SIGUSR1, take);
    need(write(ends[1], "r", 1) == 1);
    for (;;) pause();
  }
  need(read(ends[0], &byte, 1) == 1);
  result("seize with rubbish", ptrace(PTRACE_SEIZE, child, 0, 1 << 30));
  result("seize", ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_EXITKILL));
  int status;
  result("not stopped", waitpid(child, &status, WNOHANG));
  result("continue", ptrace(PTRACE_CONT, child, 0, 0));
  result("interrupt", ptrace(PTRACE_INTERRUPT, child, 0, 0));
  next(child);
  result("continue", ptrace(PTRACE_CONT, child, 0, 0));
  need(kill(child, SIGUSR1) == 0);
  next(child);
  need(ptrace(PTRACE_CONT, child, 0, SIGUSR1) == 0);
  need(read(ends[0], &byte, 1) == 1);
  need(kill(child, SIGSTOP) == 0);
  next(child);
  result("continue", ptrace(PTRACE_CONT, child, 0, SIGSTOP));
  next(child);
  result("listen", ptrace(PTRACE_LISTEN, child, 0, 0));
  need(kill(child, SIGCONT) == 0);
  next(child);
  result("continue", ptrace(PTRACE_CONT, child, 0, 0));
  next(child);  // SIGCONT itself
  result("continue", ptrace(PTRACE_CONT, child, 0, 0));
  result("kill", kill(child, SIGKILL));
  next(child);
  return 0;
}
