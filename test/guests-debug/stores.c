// Stores in a loop, each followed by the next line's first instruction.
#include <stdio.h>

volatile int value;
volatile int others;

__attribute__((noinline)) static void use(int round) { others += round; }

int main(void) {
  for (int round = 1; round <= 40; round++) {
    value = round;
    use(round);  // behind the store
  }
  printf("%d %d\n", value, others);
  return 0;
}
