// A child that asks to be traced stops itself; its parent looks, changes a word and a register, and lets it go on.
#include <sys/ptrace.h>
#include <sys/user.h>

#include "../guest.h"

static volatile long word = 41;

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    succeeded("PTRACE_TRACEME", ptrace(PTRACE_TRACEME, 0, 0, 0));
    result("again", ptrace(PTRACE_TRACEME, 0, 0, 0));
    raise(SIGSTOP);
    say("the word is %ld\n", word);
    _exit((int)word);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child);
  say("stopped %d by %d, event %d\n", WIFSTOPPED(status), WSTOPSIG(status), status >> 16);
  errno = 0;
  say("peeked %ld\n", ptrace(PTRACE_PEEKDATA, child, &word, 0));
  result("poke", ptrace(PTRACE_POKEDATA, child, &word, 43));
  errno = 0;
  say("peeked %ld\n", ptrace(PTRACE_PEEKDATA, child, &word, 0));
  result("peek nowhere", ptrace(PTRACE_PEEKDATA, child, 8, 0));
  struct user_regs_struct registers;
  result("registers", ptrace(PTRACE_GETREGS, child, 0, &registers));
  say("in call %ld, result %ld\n", (long)registers.orig_rax, (long)registers.rax);
  say("rip by its offset: %d\n",
      (uint64_t)ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rip), 0) == registers.rip);
  siginfo_t info;
  result("signal", ptrace(PTRACE_GETSIGINFO, child, 0, &info));
  say("signal %d, code %d, from itself %d\n", info.si_signo, info.si_code, info.si_pid == child);
  result("while it is stopped", waitpid(child, &status, WNOHANG));
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  result("afterwards", ptrace(PTRACE_CONT, child, 0, 0));
  return 0;
}
