// A child that is blocked in a call is attached to, looked at, let go of; one that is no child of the tracer's; one
// that computes.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

static volatile long spins, goesOn = 1;

static void stop(const char *what, pid_t pid) {
  int status = 0;
  result(what, ptrace(PTRACE_ATTACH, pid, 0, 0) == -1 ? -1 : 0);
  result("attached twice", ptrace(PTRACE_ATTACH, pid, 0, 0));
  say("waited: %d\n", waitpid(pid, &status, __WALL) == pid);
  say("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
  struct user_regs_struct registers;
  result("registers", ptrace(PTRACE_GETREGS, pid, 0, &registers));
}

int main(void) {
  int ends[2], up[2];
  need(pipe(ends) == 0 && pipe(up) == 0);
  char byte = 0;
  pid_t reader = fork();
  if (reader == 0) {
    dieWithParent();
    close(ends[1]);
    need(write(up[1], "r", 1) == 1);
    long got = read(ends[0], &byte, 1);
    say("reader got %ld %c\n", got, byte);
    _exit(3);
  }
  need(read(up[0], &byte, 1) == 1);
  stop("attach to a reader", reader);
  result("detach", ptrace(PTRACE_DETACH, reader, 0, 0));
  need(write(ends[1], "x", 1) == 1);
  reap("reader", reader);

  pid_t spinner = fork();
  if (spinner == 0) {
    dieWithParent();
    while (goesOn) spins++;
    _exit(4);
  }
  stop("attach to a spinner", spinner);
  result("poke", ptrace(PTRACE_POKEDATA, spinner, &goesOn, 0));
  result("detach", ptrace(PTRACE_DETACH, spinner, 0, 0));
  reap("spinner", spinner);

  // The parent, by a child of its own: nothing of it but its stop comes from the kernel.
  pid_t self = getpid();
  pid_t tracer = fork();
  if (tracer == 0) {
    stop("attach to the parent", self);
    result("no child", waitpid(-1, 0, WNOHANG));
    result("detach", ptrace(PTRACE_DETACH, self, 0, 0));
    result("waited without any", waitpid(-1, 0, 0));
    _exit(0);
  }
  reap("tracer", tracer);
  result("attach to itself", ptrace(PTRACE_ATTACH, self, 0, 0));
  result("continue nobody", ptrace(PTRACE_CONT, tracer, 0, 0));
  return 0;
}
