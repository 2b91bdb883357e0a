// Computes, and prints now and then.
// build: -O2 -no-pie -fno-pie
#include "counted.h"

static unsigned long sum;

__attribute__((noinline)) static void compute(unsigned long from) {
  for (unsigned long i = 0; i < 20000; i++) sum = sum * 6364136223846793005UL + (from ^ i);
}

int main(void) {
  for (unsigned long i = 0; i < 4000; i++) {
    counted();
    compute(i);
    if (i % 1000 == 999) say("%lu: %lx\n", i, sum);
  }
  return 0;
}
