// A loop with places for breakpoints right behind a system call, and right behind an instruction of one byte.
#include <stdio.h>

enum { rounds = 400 };

int main(void) {
  unsigned long left = rounds;
  __asm__ volatile(
      "1:\n"
      "\tmov $110, %%eax\n"
      "\tsyscall\n"
      ".globl behind_call\n"
      "behind_call:\n"
      "\tcmp $-4095, %%rax\n"
      "\tpush %%rdi\n"
      ".globl behind_byte\n"
      "behind_byte:\n"
      "\tmov $0x12345678, %%edx\n"
      "\tpop %%rdi\n"
      "\tdec %%rbx\n"
      "\tjnz 1b\n"
      : "+b"(left)
      :
      : "rax", "rcx", "rdx", "r11", "memory", "cc");
  printf("%lu left\n", left);
  return 0;
}
