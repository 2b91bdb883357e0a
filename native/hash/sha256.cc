#include "hash/sha256.h"

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#include <algorithm>
#include <bit>

namespace rr {

namespace {

constexpr uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                  0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(16) constexpr uint32_t kRounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t bigEndian(const uint8_t* bytes) {
  uint32_t word;
  memcpy(&word, bytes, sizeof word);
  return __builtin_bswap32(word);
}

void compressPortably(uint32_t (&state)[8], const uint8_t* blocks, size_t count) {
  using std::rotr;
  for (; count > 0; count--, blocks += Sha256::kBlock) {
    uint32_t schedule[64];
    for (int i = 0; i < 16; i++) schedule[i] = bigEndian(blocks + 4 * i);
    for (int i = 16; i < 64; i++) {
      const uint32_t early = schedule[i - 15];
      const uint32_t late = schedule[i - 2];
      schedule[i] = schedule[i - 16] + (rotr(early, 7) ^ rotr(early, 18) ^ early >> 3) + schedule[i - 7] +
                    (rotr(late, 17) ^ rotr(late, 19) ^ late >> 10);
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (int i = 0; i < 64; i++) {
      const uint32_t first =
          h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + kRounds[i] + schedule[i];
      const uint32_t second = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + second;
    }
    const uint32_t added[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; i++) state[i] += added[i];
  }
}

// Intel SDM volume 2, SHA256RNDS2, SHA256MSG1 and SHA256MSG2: the state stands in two registers, as ABEF and CDGH, and
// each instruction of the first kind does two rounds.
__attribute__((target("sha,sse4.1,ssse3"))) void compressByInstructions(uint32_t (&state)[8], const uint8_t* blocks,
                                                                        size_t count) {
  const __m128i swapBytes = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));       // DCBA
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));  // HGFE
  const __m128i badc = _mm_shuffle_epi32(low, 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(high, 0x1b);
  __m128i abef = _mm_alignr_epi8(badc, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, badc, 0xf0);
  for (; count > 0; count--, blocks += Sha256::kBlock) {
    const __m128i abefBefore = abef;
    const __m128i cdghBefore = cdgh;
    __m128i words[4];  // the last 16 of the schedule
    for (int i = 0; i < 16; i++) {
      __m128i& current = words[i & 3];
      if (i < 4) {
        current = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks + 16 * i)), swapBytes);
      } else {
        const __m128i last = words[(i + 3) & 3];
        const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(current, words[(i + 1) & 3]),
                                          _mm_alignr_epi8(last, words[(i + 2) & 3], 4));
        current = _mm_sha256msg2_epu32(sum, last);
      }
      const __m128i added = _mm_add_epi32(current, _mm_load_si128(reinterpret_cast<const __m128i*>(kRounds + 4 * i)));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, added);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(added, 0x0e));
    }
    abef = _mm_add_epi32(abef, abefBefore);
    cdgh = _mm_add_epi32(cdgh, cdghBefore);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

bool hasInstructions() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSE4_1) || !(c & bit_SSSE3)) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

}  // namespace

Sha256::Sha256(bool portable) {
  static const bool kFast = hasInstructions();
  compress_ = kFast && !portable ? compressByInstructions : compressPortably;
  memcpy(state_, kInitial, sizeof state_);
}

void Sha256::add(std::span<const uint8_t> bytes) {
  const size_t held = length_ % kBlock;
  length_ += bytes.size();
  if (held > 0) {
    const size_t taken = std::min(kBlock - held, bytes.size());
    std::copy_n(bytes.data(), taken, rest_ + held);
    if (held + taken < kBlock) return;
    compress_(state_, rest_, 1);
    bytes = bytes.subspan(taken);
  }
  const size_t whole = bytes.size() / kBlock;
  if (whole > 0) compress_(state_, bytes.data(), whole);
  bytes = bytes.subspan(whole * kBlock);
  std::copy(bytes.begin(), bytes.end(), rest_);
}

Sha256::Digest Sha256::finish() {
  const uint64_t bits = length_ * 8;
  // A one bit, zeros, and the length in the last eight bytes of a block.
  uint8_t padding[2 * kBlock] = {0x80};
  const size_t held = length_ % kBlock;
  const size_t zeros = (held < kBlock - 8 ? kBlock : 2 * kBlock) - held - 8;
  for (int i = 0; i < 8; i++) padding[zeros + static_cast<size_t>(i)] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  add({padding, zeros + 8});
  Digest digest;
  for (size_t i = 0; i < digest.size(); i++) digest[i] = static_cast<uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
  return digest;
}

}  // namespace rr
