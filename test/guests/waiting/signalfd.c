// signalfd: signals of oneself and of a child as records.
#include <sys/signalfd.h>

#include "../guest.h"

int main(void) {
  uint64_t *mask = pageEnd(8);
  *mask = 1UL << (SIGUSR1 - 1) | 1UL << (SIGCHLD - 1);
  sigset_t block;
  sigemptyset(&block);
  sigaddset(&block, SIGUSR1);
  sigaddset(&block, SIGCHLD);
  sigprocmask(SIG_BLOCK, &block, 0);
  int signals = syscall(SYS_signalfd4, poisoned(-1), mask, 8L, poisoned(SFD_NONBLOCK));
  need(signals >= 0);
  struct signalfd_siginfo *info = pageEnd(2 * sizeof *info);
  result("read nothing", read(signals, info, sizeof *info));
  raise(SIGUSR1);
  result("read", read(signals, info, 2 * sizeof *info));
  say("  signal %u code %d me %d\n", info->ssi_signo, info->ssi_code, info->ssi_pid == (uint32_t)getpid());
  pid_t child = fork();
  if (child == 0) _exit(9);
  need(fcntl(signals, F_SETFL, 0) == 0);
  result("read waits for a child", read(signals, info, 2 * sizeof *info));
  say("  signal %u status %d child %d\n", info->ssi_signo, info->ssi_status, info->ssi_pid == (uint32_t)child);
  reap("child", child);
  result("read too small", read(signals, info, 100));
  result("change", syscall(SYS_signalfd, poisoned(signals), mask, 8L));
  result("bad address", syscall(SYS_signalfd4, poisoned(-1), badAddress(), 8L, poisoned(0)));
  return 0;
}
