// A loop with a long body, as of a hash function: each address is passed some thousand times a millisecond.
// build: -O2
#include <stdint.h>

#include "../guest.h"

#define STEP(i)                                                    \
  a = (a ^ (b << ((i) % 31 + 1))) * 0x9e3779b1u + words[(i) % 16]; \
  b = (b >> 3 | b << 29) + a;                                      \
  c ^= a + b * (2 * (i) + 1)
#define STEPS8(i) \
  STEP(i);        \
  STEP(i + 1);    \
  STEP(i + 2);    \
  STEP(i + 3);    \
  STEP(i + 4);    \
  STEP(i + 5);    \
  STEP(i + 6);    \
  STEP(i + 7)
#define STEPS64(i) \
  STEPS8(i);       \
  STEPS8(i + 8);   \
  STEPS8(i + 16);  \
  STEPS8(i + 24);  \
  STEPS8(i + 32);  \
  STEPS8(i + 40);  \
  STEPS8(i + 48);  \
  STEPS8(i + 56)

int main(void) {
  uint32_t a = 1, b = 2, c = 3, words[16];
  for (int i = 0; i < 16; i++) words[i] = i * 2654435761u;
  for (int round = 0; round < 100000; round++) {
    STEPS64(0);
    STEPS64(64);
    STEPS64(128);
    STEPS64(192);
    words[round % 16] ^= c;
  }
  say("%08x %08x %08x\n", a, b, c);
  return 0;
}
