// Seconds of computing without a system call.
#include <stdio.h>

static volatile unsigned sink;
static struct {
  char before[4096];
  volatile long stored;
  char behind[4096];
} page;

__attribute__((noipa)) static void early(long number) { sink = (unsigned)number; }

__attribute__((noipa)) static void compute(long rounds) {
  for (long round = 0; round < rounds; round++) sink = sink * 1664525u + 1013904223u;
}

__attribute__((noipa)) static void finished(void) { sink++; }

int main(void) {
  early(1);
  compute(20000000);
  early(2);
  for (long round = 1; round <= 20; round++) {
    compute(20000000);
    if (round <= 12) page.stored = round;  // the store
  }
  finished();
  printf("%u\n", sink);
  return 0;
}
