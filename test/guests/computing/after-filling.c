// Much is written, and then a loop shows its progress in a word of the heap alone that nothing live points at; again
// and again: what was written since the last stop does not tell what the loop writes. build: -O2
#include "../guest.h"

enum { kRounds = 60, kFilled = 1 << 20, kTurns = 2000000 };

static unsigned char *volatile base;

__attribute__((noinline)) static int count(unsigned long end) {
  unsigned long *at = (unsigned long *)(base + kFilled / 2);
  return ++*at % kTurns != end;
}

int main(void) {
  base = malloc(kFilled);
  unsigned long sum = 0;
  for (int round = 0; round < kRounds; round++) {
    memset(base, round, kFilled);
    while (count(0)) {
    }
    sum += *(unsigned long *)(base + kFilled / 2);
  }
  say("%lu\n", sum);
  return 0;
}
