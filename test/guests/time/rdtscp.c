// rdtscp: the time stamp and the processor's number, also with registers full before.
#include <x86intrin.h>

#include "../guest.h"

int main(void) {
  unsigned processor, same;
  uint64_t first = __rdtscp(&processor), second = __rdtscp(&same);
  uint64_t high = -1UL, low = -1UL, extra = -1UL;
  __asm__ volatile("rdtscp" : "+a"(low), "+d"(high), "+c"(extra));
  say("in order %d, upper halves clear %d\n", first <= second && second <= (high << 32 | low),
      !(low >> 32) && !(high >> 32) && !(extra >> 32));
  say("processor %u %u %lu, %016lx\n", processor & 0xfff, same & 0xfff, extra & 0xfff, first * 31 + second);
  return 0;
}
