// Sets the trap flag: each instruction raises SIGTRAP, also a push of the flags, a system call and what a handler goes
// back to.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static volatile int traps;
static long parent, flags;

static void onTrap(int number) { traps++; }

__attribute__((noinline)) static void stepped(void) {
  __asm__ volatile(
      "pushf; orl $0x100, (%%rsp); popf\n\t"
      "nop; nop\n\t"
      "pushf; pop %1\n\t"
      "syscall\n\t"
      "nop\n\t"
      "pushf; andl $~0x100, (%%rsp); popf"
      : "=a"(parent), "=r"(flags)
      : "0"(110L)
      : "rcx", "r11", "memory", "cc");
}

int main(void) {
  signal(SIGTRAP, onTrap);
  stepped();
  printf("%d traps, %d, flag %d\n", traps, parent == getppid(), (flags & 0x100) != 0);
  return 0;
}
