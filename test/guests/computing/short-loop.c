// A loop without an instruction of five bytes.
// build: -O2
#include "../guest.h"

int main(void) {
  unsigned long n = 100000000, steps = 0;
  __asm__ volatile("1: inc %1; dec %0; jnz 1b" : "+r"(n), "+r"(steps));
  say("%lu\n", steps);
  return 0;
}
