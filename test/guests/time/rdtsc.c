// rdtsc in a loop: never goes back, and every value is the recorded one (the last bits are printed).
#include <x86intrin.h>

#include "../guest.h"

int main(void) {
  uint64_t last = 0, mixed = 0;
  int ordered = 1;
  for (int i = 0; i < 1000; i++) {
    uint64_t value = __rdtsc();
    ordered &= value >= last;
    last = value;
    mixed = mixed * 31 + value;
  }
  say("in order %d, mixed %016lx\n", ordered, mixed);
  return 0;
}
