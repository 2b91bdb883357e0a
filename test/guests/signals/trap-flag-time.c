// A program that sets its own trap flag is stepped over instructions that a recording answers: rdtsc, rdtscp, cpuid,
// rdrand.
#include <cpuid.h>
#include <ucontext.h>

#include "../guest.h"

static int steps;
static uintptr_t last;

static void onTrap(int number, siginfo_t *info, void *context) {
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uintptr_t at = (uintptr_t)registers[REG_RIP];
  say("step %d: code %d, address is rip %d, %d bytes on\n", ++steps, info->si_code, (uintptr_t)info->si_addr == at,
      last != 0 ? (int)(at - last) : 0);
  last = at;
}

#define stepped(name, instruction)                                                          \
  do {                                                                                      \
    steps = 0;                                                                              \
    last = 0;                                                                               \
    say("%s\n", name);                                                                      \
    __asm__ volatile("sub $256, %%rsp; pushf; orl $0x100, (%%rsp); popf; nop; " instruction \
                     "; nop; pushf; andl $~0x100, (%%rsp); popf; add $256, %%rsp" ::        \
                         : "rax", "rbx", "rcx", "rdx", "memory", "cc");                     \
  } while (0)

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  unsigned a, b, c, d;
  stepped("rdtsc", "rdtsc");
  stepped("rdtsc, twice", "rdtsc; rdtsc");
  __cpuid(0x80000001, a, b, c, d);
  if (d & 1U << 27) stepped("rdtscp", "rdtscp");
  __cpuid(1, a, b, c, d);
  if (c & bit_RDRND) stepped("rdrand", "rdrand %%rax");
  return 0;
}
