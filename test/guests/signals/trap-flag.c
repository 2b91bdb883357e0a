// A program that sets its own trap flag and is stepped through a few instructions by its SIGTRAP handler.
#include <ucontext.h>

#include "../guest.h"

static int steps;

static void onTrap(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  say("step %d: code %d, address is rip %d, trap flag %lld\n", ++steps, info->si_code,
      (greg_t)(uintptr_t)info->si_addr == registers[REG_RIP], registers[REG_EFL] >> 8 & 1);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  __asm__ volatile(
      "sub $256, %%rsp; pushf; orl $0x100, (%%rsp); popf; nop; nop; pushf; andl $~0x100, (%%rsp); popf; add $256, "
      "%%rsp" ::
          : "memory", "cc");
  say("steps %d\n", steps);
  return 0;
}
