// What tells the point that is searched for from other passes of its address: learned where the search begins and at
// the first hits.
#pragma once

#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/matcher-stub.h"
#include "replay/point-pieces.h"
#include "replay/point-vectors.h"

namespace rr {

// The base of a word of memory where it fits; what it had before is overwritten.
void setBase(MemoryWord& word, GeneralRegister which, const user_regs_struct& target);

// What a stub looks at.
struct PointChoice {
  std::optional<WordMatch> discriminator;
  bool lowerHalfTells = false;   // its lower half alone differed at the last trial
  std::vector<WordMatch> words;  // what it compares besides, in this order
};

class PointTrials {
 public:
  // The first two outlive it, and have begun with the point.
  PointTrials(PointPieces& memory, PointVectors& vectors, const user_regs_struct& target)
      : memory_(memory), vectors_(vectors), target_(target) {}

  // The task stands where the search begins, which is not the point. That is a sample of memory without a hit.
  void begin(const user_regs_struct& standing);
  // A hit that was not the point. `hidden`: as PointPieces has it.
  void add(const user_regs_struct& found, std::span<const uint8_t> hidden);
  // Hits so far.
  size_t count() const { return hits_; }
  // A register, or a word of memory, had another value than at the point at all samples, and not always the same.
  bool suffice(std::span<const uint8_t> hidden);
  // The best of what differs from the point: a register, else a word of memory, else a vector lane.
  PointChoice choose(std::span<const uint8_t> hidden);

 private:
  // At how many samples a register had another value than at the point, and also than at the sample before, and so that
  // the point's lay still farther on the same way.
  struct RegisterUse {
    unsigned differed = 0;
    unsigned moved = 0;
    unsigned toward = 0;
    uint64_t distance = ~0ULL;  // from the point's value, at least
  };

  RegisterUse useOf(GeneralRegister which) const;
  bool registerTells() const;
  void findBase(MemoryWord& word) const;
  std::vector<PointPieces::Word> tellingWords(std::span<const uint8_t> hidden);

  PointPieces& memory_;
  PointVectors& vectors_;
  user_regs_struct target_;
  std::vector<user_regs_struct> samples_;  // of the registers
  size_t hits_ = 0;
};

}  // namespace rr
