// sigaltstack: a handler on it after the main stack has overflowed, its flags inside, errors of setting it.
#include <setjmp.h>

#include "../guest.h"

static sigjmp_buf back;
static char stack[65536] __attribute__((aligned(16)));

static void onFault(int number, siginfo_t *info, void *context) {
  char local;
  stack_t now;
  sigaltstack(0, &now);
  say("on the alternate stack %d, flags %d\n", &local >= stack && &local < stack + sizeof stack, now.ss_flags);
  stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
  result("change while in use", sigaltstack(&other, 0));
  siglongjmp(back, 1);
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static __attribute__((noinline)) int endless(volatile char *outer) {
  volatile char local[2000];
  local[0] = outer[0] + 1;
  return endless(local) + local[0];
}

int main(void) {
  stack_t *setting = pageEnd(sizeof *setting), *old = pageEnd(sizeof *old);
  *setting = (stack_t){.ss_sp = stack, .ss_size = sizeof stack};
  result("sigaltstack", syscall(SYS_sigaltstack, setting, old));
  say("  old flags %d\n", old->ss_flags);
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
  sigaction(SIGSEGV, &action, 0);
  for (int i = 0; i < 3; i++) {
    volatile char start = 0;
    if (sigsetjmp(back, 1) == 0) endless(&start);
    say("back %d\n", i);
  }
  setting->ss_size = 10;
  result("too small", syscall(SYS_sigaltstack, setting, old));
  setting->ss_flags = SS_DISABLE;
  result("disable", syscall(SYS_sigaltstack, setting, old));
  say("  old size %zu\n", old->ss_size);
  result("bad address", syscall(SYS_sigaltstack, badAddress(), old));
  return 0;
}
