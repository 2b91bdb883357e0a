// The XSAVE area of a point that is searched for: vector and x87 registers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/matcher-stub.h"

namespace rr {

// Kept from one search to the next, for its buffers.
class PointVectors {
 public:
  // `recorded`: without the zeros at its end; empty: not known.
  void begin(pid_t tid, std::span<const uint8_t> recorded);
  // Where the task stands.
  bool same();
  // A lane of a vector register, half of an x87 register or else a word of the area that differs where the task stands.
  // `lowerHalfDiffers`: what it says.
  std::optional<WordMatch> differingLane(bool& lowerHalfDiffers);

 private:
  bool read();

  pid_t tid_ = 0;
  std::vector<uint8_t> expected_;
  std::vector<uint8_t> now_;
};

}  // namespace rr
