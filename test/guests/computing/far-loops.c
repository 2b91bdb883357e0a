// Loops of short instructions alone: of each a jump reaches few places, which lie a quarter of a megabyte from those
// that the others reach.
// build: -O2
#include "../guest.h"

// A jump over three bytes borrows the two behind them: 64 KB are in its reach.
__asm__(
    ".text\n"
    ".macro loop name\n"
    ".globl \\name\n"
    "\\name:\n"
    "xor %eax, %eax\n"
    "1: inc %rax\n"
    "add %rdi, %rax\n"
    "dec %rsi\n"
    "jnz 1b\n"
    "ret\n"
    ".skip 262144, 0x90\n"
    ".endm\n"
    "loop first\n"
    "loop second\n"
    "loop third\n"
    "loop fourth\n");

unsigned long first(unsigned long step, unsigned long turns);
unsigned long second(unsigned long step, unsigned long turns);
unsigned long third(unsigned long step, unsigned long turns);
unsigned long fourth(unsigned long step, unsigned long turns);

int main(void) {
  unsigned long sum = 0;
  for (unsigned long i = 0; i < 20; i++)
    sum ^= first(i, 3000000) ^ second(i, 3000000) ^ third(i, 3000000) ^ fourth(i, 3000000);
  say("%lu\n", sum);
  return 0;
}
