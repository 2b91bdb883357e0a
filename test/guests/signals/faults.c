// SIGFPE, SIGILL, SIGTRAP, SIGBUS by the program's own instructions, with their siginfo; then deaths by each.
#include <setjmp.h>
#include <ucontext.h>

#include "../guest.h"

static sigjmp_buf back;

static void onFault(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  say("SIG%s code %d, address is rip %d\n", sigabbrev_np(number), info->si_code,
      (greg_t)(uintptr_t)info->si_addr == registers[REG_RIP]);
  if (number == SIGTRAP) {
    // Under some hypervisors icebp is a fault, which would come again.
    if (*(unsigned char *)registers[REG_RIP] == 0xf1) registers[REG_RIP]++;
    return;
  }
  siglongjmp(back, 1);
}

static void fault(int kind) {
  volatile int zero = 0;
  double one = 1;
  switch (kind) {
    case 0:
      __asm__ volatile("mov $1, %%eax; cltd; idivl %0" ::"m"(zero) : "eax", "edx");
      break;
    case 1:
      __asm__ volatile("ud2");
      break;
    case 2:
      __asm__ volatile("int3");
      break;
    case 3: {
      unsigned control = 0x1f80 & ~0x200u;  // divide by zero is not masked
      __asm__ volatile("ldmxcsr %1; divsd %2, %0" : "+x"(one) : "m"(control), "x"(0.0));
      break;
    }
    case 4: {
      unsigned short control = 0x037b;  // x87: divide by zero is not masked
      __asm__ volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control));
      break;
    }
    case 5: {
      int file = patternFile("file", 10);
      volatile char *map = mmap(0, 2 * pageSize, PROT_READ, MAP_SHARED, file, 0);
      (void)map[pageSize];
      break;
    }
    case 6:
      __asm__ volatile(".byte 0xf1");
      break;
  }
}

int main(void) {
  const char *names[] = {"division", "ud2", "int3", "SSE division", "x87 division", "behind the file", "icebp"};
  int numbers[] = {SIGFPE, SIGILL, SIGTRAP, SIGBUS};
  struct sigaction action = {.sa_sigaction = onFault, .sa_flags = SA_SIGINFO};
  for (int i = 0; i < 4; i++) sigaction(numbers[i], &action, 0);
  for (int kind = 0; kind < 7; kind++) {
    say("%s\n", names[kind]);
    if (sigsetjmp(back, 1) == 0) fault(kind);
    unsigned control = 0x1f80;
    __asm__ volatile("ldmxcsr %0; fninit" ::"m"(control));
  }
  for (int i = 0; i < 4; i++) signal(numbers[i], SIG_DFL);
  for (int kind = 0; kind < 7; kind++) {
    pid_t child = fork();
    if (child == 0) {
      fault(kind);
      _exit(0);
    }
    reap(names[kind], child);
  }
  return 0;
}
