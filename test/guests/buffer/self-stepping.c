// A program that steps itself again and again: through system calls, clock readings and computing, with breakpoints
// (int3) between, so that whatever stops it in mid-code mostly comes where a trap of its own waits or is due.
#include "../buffered-calls.h"

#define ROUNDS 150

static volatile int traps, breakpoints, foreign;

static void onTrap(int number, siginfo_t *info, void *context) {
  if (!isProgramAddress((uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP])) foreign++;
  if (info->si_code == SI_KERNEL)
    breakpoints++;
  else
    traps++;
}

static long stepped(long call) {
  long result = call;
  __asm__ volatile(
      "pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n syscall\n"
      "mov $3, %%ecx\n 1: lea 0x12345678(%%rax), %%rdx\n dec %%ecx\n jnz 1b\n"
      "pushfq\n andq $~0x100, (%%rsp)\n popfq\n int3\n"
      : "+a"(result)
      :
      : "rcx", "rdx", "r11", "memory", "cc");
  return result;
}

static uint64_t steppedClock(void) {
  uint64_t low, high;
  __asm__ volatile(
      "pushfq\n orq $0x100, (%%rsp)\n popfq\n nop\n rdtsc\n nop\n pushfq\n andq $~0x100, (%%rsp)\n popfq\n nop\n"
      : "=a"(low), "=d"(high)
      :
      : "memory", "cc");
  return high << 32 | low;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  int wrong = 0, ofCalls = 0;
  uint64_t last = 0, sum = 0;
  for (int i = 0; i < ROUNDS; i++) {
    const int before = traps;
    wrong += stepped(SYS_getpid) != getpid();
    ofCalls += traps - before;
    const uint64_t now = steppedClock();
    wrong += now < last;
    last = now;
    for (int k = 0; k < 20000; k++) sum = sum * 31 + (uint64_t)k;
  }
  say("%d traps in calls, %d breakpoints, %d foreign, %d wrong, %llx\n", ofCalls, breakpoints, foreign, wrong,
      (unsigned long long)sum);
  return 0;
}
