// A SIGSEGV whose handler mends the cause (maps the page, moves rip): the program goes on.
#include <ucontext.h>

#include "../guest.h"

static char *missing;
static int faults;

static void onFault(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  faults++;
  say("code %d, address as expected %d, error %llx\n", info->si_code,
      info->si_addr == missing || info->si_addr == (void *)0x1000, registers[REG_ERR]);
  if (info->si_addr == missing) {
    mprotect(missing, pageSize, PROT_READ | PROT_WRITE);
  } else {
    // The instruction is mov (%rax), %ecx of 2 bytes.
    registers[REG_RCX] = 555;
    registers[REG_RIP] += 2;
  }
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, 0);
  missing = mmap(0, pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *missing = 'w';
  say("written %c\n", *missing);
  unsigned got = 0;
  for (int i = 0; i < 5; i++) {
    __asm__ volatile("mov (%%rax), %%ecx" : "=c"(got) : "a"(0x1000UL));
    say("got %u\n", got);
  }
  say("faults %d\n", faults);
  return 0;
}
