// Deep recursion that unwinds.
// build: -O2
#include "../guest.h"

static __attribute__((noinline)) unsigned long down(unsigned long n) {
  if (n == 0) return 1;
  volatile char room[64];
  room[n % 64] = (char)n;
  return down(n - 1) * 3 + room[n % 64];
}

int main(void) {
  unsigned long sum = 0;
  for (int i = 0; i < 1500; i++) sum ^= down(20000) + i;
  say("%lx\n", sum);
  return 0;
}
