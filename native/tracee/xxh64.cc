// XXH64, written from its specification (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
#include <string.h>

#include "tracee/tracee.h"

namespace rr {

namespace {

constexpr uint64_t kPrime1 = 0x9E3779B185EBCA87ULL;
constexpr uint64_t kPrime2 = 0xC2B2AE3D27D4EB4FULL;
constexpr uint64_t kPrime3 = 0x165667B19E3779F9ULL;
constexpr uint64_t kPrime4 = 0x85EBCA77C2B2AE63ULL;
constexpr uint64_t kPrime5 = 0x27D4EB2F165667C5ULL;

uint64_t rotate(uint64_t value, int bits) { return (value << bits) | (value >> (64 - bits)); }

template <typename T>
T load(const uint8_t* from) {
  T value;
  memcpy(&value, from, sizeof value);
  return value;
}

uint64_t accumulate(uint64_t sum, uint64_t lane) { return rotate(sum + lane * kPrime2, 31) * kPrime1; }

uint64_t merge(uint64_t hash, uint64_t sum) { return (hash ^ accumulate(0, sum)) * kPrime1 + kPrime4; }

}  // namespace

uint64_t xxh64(const void* data, size_t length, uint64_t seed) {
  const uint8_t* at = static_cast<const uint8_t*>(data);
  const uint8_t* end = at + length;
  uint64_t hash;
  if (length >= 32) {
    uint64_t sums[4] = {seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1};
    for (; end - at >= 32; at += 32) {
      for (int i = 0; i < 4; i++) sums[i] = accumulate(sums[i], load<uint64_t>(at + 8 * i));
    }
    hash = rotate(sums[0], 1) + rotate(sums[1], 7) + rotate(sums[2], 12) + rotate(sums[3], 18);
    for (uint64_t sum : sums) hash = merge(hash, sum);
  } else {
    hash = seed + kPrime5;
  }
  hash += length;
  for (; end - at >= 8; at += 8) {
    hash = rotate(hash ^ accumulate(0, load<uint64_t>(at)), 27) * kPrime1 + kPrime4;
  }
  if (end - at >= 4) {
    hash = rotate(hash ^ (load<uint32_t>(at) * kPrime1), 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < end; at++) hash = rotate(hash ^ (*at * kPrime5), 11) * kPrime1;
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace rr
