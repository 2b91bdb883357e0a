// How waitid and SIGCHLD tell of a tracee's stop.
#include <sys/ptrace.h>

#include "../guest.h"

static volatile int told, code, number;
static void childChanged(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  told++;
  code = info->si_code;
  number = info->si_status;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = childChanged, .sa_flags = SA_SIGINFO};
  sigaction(SIGCHLD, &action, 0);
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  pid_t child = fork();
  if (child == 0) {
    signal(SIGCHLD, SIG_DFL);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGUSR2);
    _exit(6);
  }
  while (!told) sigsuspend(&before);
  say("told %d, trapped %d, status %d\n", told, code == CLD_TRAPPED, number);
  siginfo_t *info = pageEnd(sizeof *info);
  memset(info, 0, sizeof *info);
  result("look", waitid(P_PID, child, info, WSTOPPED | WEXITED | WNOWAIT));
  say("code %d, child %d, status %d\n", info->si_code == CLD_TRAPPED, info->si_pid == child, info->si_status);
  memset(info, 0, sizeof *info);
  result("take", waitid(P_ALL, 0, info, WSTOPPED | WEXITED));
  say("code %d, child %d, status %d\n", info->si_code == CLD_TRAPPED, info->si_pid == child, info->si_status);
  memset(info, 0, sizeof *info);
  result("nothing more", waitid(P_PID, child, info, WSTOPPED | WEXITED | WNOHANG));
  say("child %d\n", info->si_pid);
  result("bad address", waitpid(child, badAddress(), WNOHANG));
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  result("end", waitid(P_PID, child, info, WEXITED));
  say("code %d, status %d\n", info->si_code == CLD_EXITED, info->si_status);
  return 0;
}
