// Progress shows in a word of the heap alone, to which one register leads: for some thousand turns of the loop; then
// that register is no pointer, for as many. build: -O1
#include "../guest.h"

enum { kPhases = 60000, kCounter = 1 << 16 };

unsigned char *base;

// void turns(const void *argument): 4096 of them.
__asm__(
    "turns:\n"
    "  push %rbx\n  push %rbp\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  xor %ebx, %ebx\n  xor %ebp, %ebp\n  xor %ecx, %ecx\n  xor %edx, %edx\n  xor %esi, %esi\n"
    "  xor %r8d, %r8d\n  xor %r9d, %r9d\n  xor %r10d, %r10d\n  xor %r11d, %r11d\n"
    "  xor %r12d, %r12d\n  xor %r13d, %r13d\n  xor %r14d, %r14d\n  xor %r15d, %r15d\n"
    "1:\n"
    "  mov base(%rip), %rax\n"
    "  addq $1, 0x10000(%rax)\n"
    "  testw $0xfff, 0x10000(%rax)\n"
    "  mov $0, %eax\n"
    "  jne 1b\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbp\n  pop %rbx\n"
    "  ret\n");
void turns(const void *argument);

int main(void) {
  base = malloc(1 << 20);
  memset(base, 0, 1 << 20);
  unsigned long sum = 0;
  for (int phase = 0; phase < kPhases; phase++) {
    turns((phase & 63) < 32 ? base : (void *)(uintptr_t)1);
    sum += *(unsigned long *)(base + kCounter);
  }
  say("%lu\n", sum);
  return 0;
}
