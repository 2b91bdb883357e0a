// A program that steps itself through its system calls by the trap flag.
#include "../buffered-calls.h"

static volatile int traps, foreign;

static void onTrap(int number, siginfo_t *info, void *context) {
  if (!isProgramAddress((uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP])) foreign++;
  traps++;
}

static long stepped(long call, long argument) {
  long result = call;
  __asm__ volatile(
      "pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n syscall\n nop\n nop\n pushfq\n andq $~0x100, (%%rsp)\n popfq\n"
      : "+a"(result)
      : "D"(argument)
      : "rcx", "r11", "memory", "cc");
  return result;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  for (int i = 0; i < 4; i++) {
    const int before = traps;
    const bool same = stepped(SYS_getpid, 0) == getpid();
    say("%d traps, %d foreign, %s\n", traps - before, foreign, same ? "right" : "wrong");
  }
  return 0;
}
