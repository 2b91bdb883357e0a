// Instructions that only the kernel may execute raise SIGSEGV, those that a recorder puts in the place of others
// included (native/record/files/random-instructions.h).
#include <setjmp.h>
#include <ucontext.h>

#include "../guest.h"

static sigjmp_buf before;

static void caught(int signal, siginfo_t *info, void *context) {
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  say("  signal %d code %d address %p trap %lld error %lld\n", signal, info->si_code, info->si_addr,
      registers[REG_TRAPNO], registers[REG_ERR]);
  siglongjmp(before, 1);
}

#define TRY(instruction)                                                    \
  do {                                                                      \
    say("%s\n", instruction);                                               \
    if (sigsetjmp(before, 1) == 0) {                                        \
      __asm__ volatile(instruction : : "c"(0x10) : "rax", "rdx", "memory"); \
      say("  went on\n");                                                   \
    }                                                                       \
  } while (0)

int main(void) {
  struct sigaction action = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO};
  need(sigaction(SIGSEGV, &action, 0) == 0 && sigaction(SIGILL, &action, 0) == 0);
  TRY("rdmsr");
  TRY("wrmsr");
  TRY("swapgs");
  TRY("wbinvd");
  TRY("mov %%rax, %%dr6");
  TRY("mov %%rax, %%dr7");
  TRY("mov %%cr0, %%rax");
  TRY("hlt");
  TRY("cli");
  TRY("in $0x80, %%al");
  TRY("int $0x20");
  return 0;
}
