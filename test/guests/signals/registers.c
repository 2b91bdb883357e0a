// Every general register has a known value when int3 traps: the handler sees them, changes some, and the program goes
// on with the changed ones.
#include <ucontext.h>

#include "../guest.h"

static void onTrap(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  int order[] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_R8,
                 REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  for (int i = 0; i < 14; i++) say("%llx ", registers[order[i]]);
  say("\ntrap %lld error %lld code %d\n", registers[REG_TRAPNO], registers[REG_ERR], info->si_code);
  registers[REG_RBX] = 0xbbbb;
  registers[REG_R15] = 0xffff;
  registers[REG_RAX] = 0xaaaa;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onTrap, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, 0);
  uint64_t out[14], *into = out;
  __asm__ volatile(
      "push %%rbp; mov %%rdi, %%rbp\n"
      "mov $1, %%eax; mov $2, %%ebx; mov $3, %%ecx; mov $4, %%edx; mov $5, %%esi; mov $6, %%edi\n"
      "mov $8, %%r8d; mov $9, %%r9d; mov $10, %%r10d; mov $11, %%r11d; mov $12, %%r12d; mov $13, %%r13d\n"
      "mov $14, %%r14d; mov $15, %%r15d\n"
      "int3\n"
      "mov %%rax, (%%rbp); mov %%rbx, 8(%%rbp); mov %%rcx, 16(%%rbp); mov %%rdx, 24(%%rbp); mov %%rsi, 32(%%rbp)\n"
      "mov %%rdi, 40(%%rbp); mov %%r8, 48(%%rbp); mov %%r9, 56(%%rbp); mov %%r10, 64(%%rbp); mov %%r11, 72(%%rbp)\n"
      "mov %%r12, 80(%%rbp); mov %%r13, 88(%%rbp); mov %%r14, 96(%%rbp); mov %%r15, 104(%%rbp)\n"
      "pop %%rbp\n"
      : "+D"(into)
      :
      : "rax", "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory");
  for (int i = 0; i < 14; i++) say("%lx ", out[i]);
  say("\n");
  return 0;
}
