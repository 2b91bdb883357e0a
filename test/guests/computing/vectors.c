// Progress in xmm registers, and in an x87 register, alone.
// build: -O2 -mno-avx
#include "../guest.h"

int main(void) {
  double value = 0.5;
  for (long i = 0; i < 40000000; i++) {
    value = value * 3.7 * (1 - value);
    __asm__ volatile("" : "+x"(value));
  }
  long double extended = 0.25L;
  for (long i = 0; i < 20000000; i++) extended = extended * 3.9L * (1 - extended);
  say("%.17g %.20Lg\n", value, extended);
  return 0;
}
