// The signal frame on the stack: alignment, red zone kept, return address of the restorer, extended state's size.
#include <ucontext.h>

#include "../guest.h"

static uintptr_t stackInHandler;
static int magic, aligned;

static void onSignal(int number, siginfo_t *info, void *context) {
  ucontext_t *user = context;
  stackInHandler = user->uc_mcontext.gregs[REG_RSP];
  aligned = ((uintptr_t)user->uc_mcontext.fpregs & 63) == 0;
  // The software bytes of the FXSAVE area say how much extended state follows.
  uint32_t *software = (uint32_t *)((char *)user->uc_mcontext.fpregs + 464);
  magic = software[0] == 0x46505853 && software[1] >= 576;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  uint64_t below, stack;
  long pid = getpid();
  __asm__ volatile(
      "movq $0x5eed, -120(%%rsp); mov %%rsp, %[stack]\n"
      "mov $62, %%eax; mov %[pid], %%rdi; mov $10, %%esi; syscall\n"
      "mov -120(%%rsp), %[below]\n"
      : [stack] "=&r"(stack), [below] "=&r"(below)
      : [pid] "r"(pid)
      : "rax", "rdi", "rsi", "rcx", "r11", "memory");
  say("red zone kept %d, stack pointer right %d, state aligned %d, extended %d\n", below == 0x5eed,
      stackInHandler == stack, aligned, magic);
  return 0;
}
