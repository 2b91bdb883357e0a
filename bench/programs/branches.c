// Computing alone, full of calls and branches: Fibonacci by recursion, then the longest Collatz chain.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 40;
  uint64_t best = 0, length = 0;
  for (uint64_t start = 1; start < 1500000; start++) {
    uint64_t steps = 0;
    for (uint64_t value = start; value != 1; steps++) value = value & 1 ? value * 3 + 1 : value / 2;
    if (steps > length) length = steps, best = start;
  }
  printf("%d %lu %lu\n", fibonacci(n), (unsigned long)best, (unsigned long)length);
  return 0;
}
