// Ranges that end beyond all memory: the kernel unmaps nothing of them.
#include "../buffered-calls.h"

int main(void) {
  someBufferedCalls();
  for (int bits = 63; bits > 56; bits--) {
    result("munmap", munmap(0, (1UL << bits) - 4096));
    someBufferedCalls();
  }
  return 0;
}
