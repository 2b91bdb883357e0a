// Computing alone: rotations and additions as in SHA, N million rounds of a block.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint32_t rotate(uint32_t value, int by) { return value >> by | value << (32 - by); }

int main(int argc, char **argv) {
  long rounds = (argc > 1 ? atol(argv[1]) : 120) * 1000000;
  uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  for (long i = 0; i < rounds; i++) {
    for (int k = 0; k < 8; k++) {
      uint32_t a = state[k], b = state[(k + 1) & 7], c = state[(k + 4) & 7];
      uint32_t mixed = (rotate(a, 6) ^ rotate(a, 11) ^ rotate(a, 25)) + ((a & b) ^ (~a & c));
      state[k] = mixed + (mixed & 1 ? b : c) + (uint32_t)i;
    }
  }
  printf("%08x\n", state[0] ^ state[3] ^ state[7]);
  return 0;
}
