// Answers of ptrace into memory that ends before they do: what fits is written, and the request fails.
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "../guest.h"

static void show(const char *what, long answer, const unsigned char *bytes, size_t room) {
  result(what, answer);
  size_t changed = 0;
  for (size_t i = 0; i < room; i++) changed += bytes[i] != 0xa5;
  say("  %s\n", changed ? "a part is written" : "nothing is written");
}

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  // rip and what follows do not come into it: these are r15, r14, ... which the stop leaves as they were.
  unsigned char *bytes = pageEnd(64);
  show("registers", ptrace(PTRACE_GETREGS, child, 0, bytes), bytes, 64);
  bytes = pageEnd(32);
  show("x87 registers", ptrace(PTRACE_GETFPREGS, child, 0, bytes), bytes, 32);
  bytes = pageEnd(8);
  show("signal", ptrace(PTRACE_GETSIGINFO, child, 0, bytes), bytes, 8);
  show("nowhere", ptrace(PTRACE_GETREGS, child, 0, badAddress()), bytes, 0);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  return 0;
}
