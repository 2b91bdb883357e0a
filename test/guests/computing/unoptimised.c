// A counter and a sum that live on the stack alone.
// build: -O0
#include "../guest.h"

int main(void) {
  unsigned long sum = 0;
  for (unsigned long i = 0; i < 60000000; i++) sum = sum * 3 + i;
  say("%lx\n", sum);
  return 0;
}
