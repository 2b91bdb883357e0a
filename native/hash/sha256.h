// SHA-256 (FIPS 180-4), which names the files of the store. Ours, so that nothing depends on what libraries Node's
// executable happens to hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace rr {

class Sha256 {
 public:
  static constexpr size_t kBlock = 64;  // bytes
  using Digest = std::array<uint8_t, 32>;

  // By the processor's own instructions where it has them. `portable`: without, for tests.
  explicit Sha256(bool portable = false);

  void add(std::span<const uint8_t> bytes);
  // Of all that was added; nothing may be added afterwards.
  Digest finish();

 private:
  using Compress = void (*)(uint32_t (&state)[8], const uint8_t* blocks, size_t count);

  Compress compress_;
  uint32_t state_[8];
  uint8_t rest_[kBlock];
  uint64_t length_ = 0;  // bytes added
};

}  // namespace rr
