// Two instructions that are executed often and 16 that are executed once, in turn: time goes on from each to the next.
#include <sched.h>

#include "counter.h"

int main(void) {
  uint64_t last = 0;
  int steps = 0, forward = 0, wrongProcessor = 0;
#define GO_ON(value)            \
  do {                          \
    const uint64_t now = value; \
    forward += now > last;      \
    steps++;                    \
    last = now;                 \
  } while (0)
  for (int i = 0; i < 1600; i++) {
    unsigned processor = -1u, cpu, node;
    GO_ON(readHot());
    if (i % 100 == 99) GO_ON(readCold(i / 100));
    GO_ON(readHotAux(&processor));
    // The program is bound to one.
    if (i % 200 == 0) {
      getcpu(&cpu, &node);
      wrongProcessor += processor != (node << 12 | cpu);
    }
  }
  say("%d of %d steps forward, %d wrong processors\n", forward, steps, wrongProcessor);
  return 0;
}
