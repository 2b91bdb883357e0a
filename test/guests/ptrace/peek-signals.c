// PTRACE_PEEKSIGINFO: the signals that wait for a tracee.
#include <sys/ptrace.h>

#include "../guest.h"

static void peek(pid_t child, const char *what, uint64_t offset, uint32_t flags, int32_t count) {
  struct __ptrace_peeksiginfo_args wanted = {offset, flags, count};
  siginfo_t found[4];
  memset(found, 0, sizeof found);
  const long got = result(what, ptrace(PTRACE_PEEKSIGINFO, child, &wanted, found));
  for (long i = 0; i < got; i++) {
    say("  signal %d, code %d, value %d\n", found[i].si_signo, found[i].si_code, found[i].si_int);
  }
}

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigaddset(&blocked, SIGRTMIN + 1);
    need(sigprocmask(SIG_BLOCK, &blocked, 0) == 0);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGUSR1);
    for (int i = 0; i < 3; i++) need(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 70 + i}) == 0);
    raise(SIGSTOP);
    _exit(4);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  peek(child, "the task's", 0, 0, 4);
  peek(child, "its process's", 0, PTRACE_PEEKSIGINFO_SHARED, 4);
  peek(child, "the second and third", 1, PTRACE_PEEKSIGINFO_SHARED, 2);
  peek(child, "behind the last", 3, PTRACE_PEEKSIGINFO_SHARED, 2);
  peek(child, "none", 0, PTRACE_PEEKSIGINFO_SHARED, 0);
  peek(child, "a negative number", 0, 0, -1);
  peek(child, "an unknown flag", 0, 8, 1);
  // Room for one and a half.
  struct __ptrace_peeksiginfo_args two = {0, PTRACE_PEEKSIGINFO_SHARED, 2};
  siginfo_t *room = pageEnd(sizeof *room * 3 / 2);
  result("more than there is room for", ptrace(PTRACE_PEEKSIGINFO, child, &two, room));
  say("  signal %d\n", room->si_signo);
  result("no room", ptrace(PTRACE_PEEKSIGINFO, child, &two, badAddress()));
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  reap("child", child);
  return 0;
}
