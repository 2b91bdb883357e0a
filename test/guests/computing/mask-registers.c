// Progress in a mask register of AVX-512 alone. A processor without them prints the same.
// build: -O2
#include "../guest.h"

static const unsigned long end = 20000000;

__attribute__((target("avx512bw"))) static unsigned long countInMask(void) {
  unsigned long reached;
  __asm__ volatile(
      "kxorq %%k1, %%k1, %%k1\n\t"
      "kmovq %1, %%k2\n\t"
      "kmovq %2, %%k3\n"
      "1:\n\t"
      "kaddq %%k2, %%k1, %%k1\n\t"
      "kxorq %%k3, %%k1, %%k4\n\t"
      "kortestq %%k4, %%k4\n\t"
      "jnz 1b\n\t"
      "kmovq %%k1, %0\n\t"
      : "=r"(reached)
      : "r"(1UL), "r"(end)
      : "cc", "k1", "k2", "k3", "k4");
  return reached;
}

int main(void) {
  say("%lu\n", __builtin_cpu_supports("avx512bw") ? countInMask() : end);
  return 0;
}
