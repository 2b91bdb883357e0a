// rt_sigaction: set, asked, refused for SIGKILL and SIGSTOP; the mask and flags come back.
#include "../guest.h"

struct kernelAction {
  void *handler;
  unsigned long flags;
  void *restorer;
  uint64_t mask;
};

static void onSignal(int number) {}

int main(void) {
  struct sigaction action = {.sa_handler = onSignal, .sa_flags = SA_RESTART | SA_NODEFER};
  sigemptyset(&action.sa_mask);
  sigaddset(&action.sa_mask, SIGHUP);
  result("sigaction", sigaction(SIGUSR1, &action, 0));
  struct kernelAction *old = pageEnd(sizeof *old);
  result("rt_sigaction asked", syscall(SYS_rt_sigaction, poisoned(SIGUSR1), 0L, old, 8L));
  say("  handler is mine %d, flags %lx, mask %lx\n", old->handler == (void *)onSignal, old->flags, old->mask);
  result("SIGKILL", syscall(SYS_rt_sigaction, poisoned(SIGKILL), old, 0L, 8L));
  result("SIGSTOP", syscall(SYS_rt_sigaction, poisoned(SIGSTOP), old, 0L, 8L));
  result("signal 0", syscall(SYS_rt_sigaction, poisoned(0), 0L, old, 8L));
  result("signal 65", syscall(SYS_rt_sigaction, poisoned(65), 0L, old, 8L));
  result("bad address", syscall(SYS_rt_sigaction, poisoned(SIGUSR1), badAddress(), 0L, 8L));
  result("old at bad address", syscall(SYS_rt_sigaction, poisoned(SIGUSR1), 0L, badAddress(), 8L));
  result("bad size", syscall(SYS_rt_sigaction, poisoned(SIGUSR1), 0L, old, 4L));
  say("signal returns the old: %d\n", signal(SIGUSR1, SIG_IGN) == onSignal);
  raise(SIGUSR1);
  say("ignored\n");
  return 0;
}
