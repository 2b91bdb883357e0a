// A handler that changes the mask and the flags in its frame: rt_sigreturn takes them over.
#include <ucontext.h>

#include "../guest.h"

static void onSignal(int number, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  sigaddset(&user->uc_sigmask, SIGHUP);
  user->uc_mcontext.gregs[REG_EFL] |= 1;          // carry
  user->uc_mcontext.gregs[REG_EFL] &= ~(1 << 6);  // zero
  user->uc_mcontext.gregs[REG_RAX] = 4242;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  for (int i = 0; i < 3; i++) {
    unsigned long flags, value;
    long pid = getpid();
    __asm__ volatile(
        "mov $62, %%eax; mov %[pid], %%rdi; mov $10, %%esi; xor %%edx, %%edx; syscall\n"
        "pushf; pop %[flags]\n"
        : "=&a"(value), [flags] "=&r"(flags)
        : [pid] "r"(pid)
        : "rdi", "rsi", "rdx", "rcx", "r11", "memory");
    say("result %lu, carry %lu, zero %lu\n", value, flags & 1, flags >> 6 & 1);
  }
  sigset_t mask;
  sigprocmask(SIG_BLOCK, 0, &mask);
  say("HUP blocked %d\n", sigismember(&mask, SIGHUP));
  return 0;
}
