// System calls between passes, most of them without a stop: the count runs over them.
// build: -O2 -no-pie -fno-pie
#include <time.h>

#include "counted.h"

int main(void) {
  int file = patternFile("numbers", 4096);
  unsigned long sum = 0;
  for (unsigned long i = 0; i < 1500; i++) {
    counted();
    unsigned char byte;
    need(pread(file, &byte, 1, i % 4096) == 1);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (unsigned long k = 0; k < 20000; k++) {
      sum = sum * 3 + byte + k;
      __asm__ volatile("" : "+r"(sum));
    }
  }
  say("%lx\n", sum);
  return 0;
}
