// The hash of what leaves the program, by which recording and replay are compared. Included by C and C++.
//
// Four sums go side by side, so that the multiplications of one do not wait for those of another; each word of 8 bytes
// goes into one of them: exclusive or, halves exchanged, times an odd number. Not proof against those who want
// collisions. It needs no instruction that some processor lacks, nor a register that the runtime does not save.
#pragma once

#include <stdint.h>

#define RR_SENT_MULTIPLIER 0x9e3779b97f4a7c15ULL
#define RR_SENT_FINISHER 0xd6e8feb86659fd93ULL

// What the hash of nothing is, which goes on with what follows.
#define RR_SENT_NOTHING 0x2545f4914f6cdd1dULL

static inline uint64_t rr_sent_word(const uint8_t *at) {
  uint64_t word;
  __builtin_memcpy(&word, at, sizeof word);
  return word;
}

static inline uint64_t rr_sent_mix(uint64_t sum, uint64_t word) {
  sum ^= word;
  return (sum << 32 | sum >> 32) * RR_SENT_MULTIPLIER;
}

// The hash of what `hash` is of, and of `length` bytes behind it.
static inline uint64_t rr_sent_hash(uint64_t hash, const uint8_t *bytes, uint64_t length) {
  uint64_t sums[4] = {hash ^ length, hash + 1, hash + 2, hash + 3};
  for (; length >= 32; bytes += 32, length -= 32) {
    sums[0] = rr_sent_mix(sums[0], rr_sent_word(bytes));
    sums[1] = rr_sent_mix(sums[1], rr_sent_word(bytes + 8));
    sums[2] = rr_sent_mix(sums[2], rr_sent_word(bytes + 16));
    sums[3] = rr_sent_mix(sums[3], rr_sent_word(bytes + 24));
  }
  hash = rr_sent_mix(rr_sent_mix(rr_sent_mix(sums[0], sums[1]), sums[2]), sums[3]);
  for (; length >= 8; bytes += 8, length -= 8) hash = rr_sent_mix(hash, rr_sent_word(bytes));
  if (length != 0) {
    uint64_t rest = 0;
    while (length != 0) rest = rest << 8 | bytes[--length];
    hash = rr_sent_mix(hash, rest);
  }
  return hash;
}

// In 32 bits, never 0.
static inline uint32_t rr_sent_value(uint64_t hash) {
  hash = (hash ^ hash >> 29) * RR_SENT_FINISHER;
  const uint32_t value = (uint32_t)(hash ^ hash >> 32);
  return value != 0 ? value : 1;
}
