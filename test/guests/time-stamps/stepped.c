// A program that steps itself, by the trap flag, over rdtsc and rdtscp that have been executed often.
#include "../buffered-calls.h"
#include "counter.h"

static volatile int foreign;

static void onTrap(int number, siginfo_t *info, void *context) {
  if (!isProgramAddress((uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP])) foreign++;
}

#define STEPPED(name, instruction)                                             \
  __attribute__((noinline)) static uint64_t name(uint64_t flag) {              \
    uint64_t low, high;                                                        \
    __asm__ volatile("pushfq\n or %2, (%%rsp)\n popfq\n nop\n " instruction    \
                     "\n nop\n nop\n pushfq\n andq $~0x100, (%%rsp)\n popfq\n" \
                     : "=&a"(low), "=&d"(high)                                 \
                     : "r"(flag)                                               \
                     : "rcx", "memory", "cc");                                 \
    return high << 32 | low;                                                   \
  }
STEPPED(steppedRdtsc, "rdtsc")
STEPPED(steppedRdtscp, "rdtscp")

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  makeHot();
  uint64_t last = 0;
  for (int i = 0; i < 40; i++) {
    const uint64_t flag = i > 30 ? 0x100 : 0;
    const uint64_t one = steppedRdtsc(flag), other = steppedRdtscp(flag);
    if (flag != 0) say("%s, %d foreign\n", one > last && other > one ? "forward" : "backward", foreign);
    last = other;
  }
  return 0;
}
