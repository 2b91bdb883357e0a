// cpuid: what the processor says, leaf by leaf, printed in full.
#include <cpuid.h>

#include "../guest.h"

int main(void) {
  unsigned a, b, c, d;
  for (unsigned leaf = 0; leaf < 0x20; leaf++)
    if (__get_cpuid_count(leaf, 0, &a, &b, &c, &d)) say("%x: %08x %08x %08x %08x\n", leaf, a, b, c, d);
  return 0;
}
