// A handler that returns through a frame which it has damaged: the kernel finds that in rt_sigreturn, and sends
// SIGSEGV.
#include <setjmp.h>
#include <ucontext.h>

#include "../guest.h"

static sigjmp_buf before;
static volatile int damage;

static void onSegv(int number, siginfo_t *info, void *context) {
  (void)context;
  say("SIG%s, code %d, address %p\n", sigabbrev_np(number), info->si_code, info->si_addr);
  siglongjmp(before, 1);
}

static void onUser(int number, siginfo_t *info, void *context) {
  (void)number, (void)info;
  ucontext_t *interrupted = context;
  if (damage == 0) {
    interrupted->uc_mcontext.fpregs = (fpregset_t)(uintptr_t)badAddress();
  } else {
    // Reserved bytes of the header of the XSAVE area.
    memset((char *)interrupted->uc_mcontext.fpregs + 512 + 16, 0xff, 48);
  }
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSegv, .sa_flags = SA_SIGINFO};
  need(sigaction(SIGSEGV, &action, 0) == 0);
  action.sa_sigaction = onUser;
  need(sigaction(SIGUSR1, &action, 0) == 0);
  for (damage = 0; damage < 2; damage++) {
    if (sigsetjmp(before, 1) != 0) continue;
    raise(SIGUSR1);
    say("returned all the same\n");
  }
  pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);
    damage = 0;
    raise(SIGUSR1);
    _exit(0);
  }
  reap("without a handler", child);
  return 0;
}
