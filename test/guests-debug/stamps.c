// Time stamps, more of them than it takes for their instruction to be replaced.
#include <stdio.h>

static unsigned long last;

__attribute__((noinline)) static unsigned long stamp(void) {
  unsigned low, high;
  __asm__ volatile("stamped: rdtsc" : "=a"(low), "=d"(high));
  return (unsigned long)high << 32 | low;
}

int main(void) {
  int later = 0;
  for (int round = 0; round < 200; round++) {
    unsigned long now = stamp();
    later += now >= last;
    last = now;
  }
  printf("%d\n", later);  // the end
  return 0;
}
