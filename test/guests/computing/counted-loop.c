// A loop of one instruction, which goes to itself: short, so that hardly a jump fits over it.
// build: -O2
#include "../guest.h"

int main(void) {
  unsigned long sum = 0;
  for (unsigned long i = 0; i < 4; i++) {
    unsigned long n = 20000000 + i % 2;
    __asm__ volatile("1: loop 1b" : "+c"(n));
    sum += n + i;
  }
  say("%lu\n", sum);
  return 0;
}
