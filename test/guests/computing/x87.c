// Progress in x87 registers alone: no general register, no memory, not even a counter of the loop.
// build: -O2
#include "../guest.h"

int main(void) {
  long double sum;
  __asm__ volatile(
      "fldt %1\n\t"
      "fld1\n\t"
      "fldz\n"
      "1:\n\t"
      "fadd %%st(1), %%st\n\t"
      "fcomi %%st(2), %%st\n\t"
      "jne 1b\n\t"
      "fstp %%st(1)\n\t"
      "fstp %%st(1)\n\t"
      : "=&t"(sum)
      : "m"((long double){30000000.0L})
      : "cc");
  say("%.1Lf\n", sum);
  return 0;
}
