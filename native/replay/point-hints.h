// What told the points of an address from its other passes when they were found: tried first when another point has the
// same address, which saves the hits that would teach it. Only a hint: what it says is compared all the same.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "replay/point-pieces.h"
#include "replay/point-trials.h"

namespace rr {

class PointHints {
 public:
  struct Hint {
    PointChoice choice;  // with the values of the point that was found
    uint64_t turn = 0;   // from one pass to the next, as far as is known; nanoseconds of processor time
  };

  // For the point that `memory` has begun with; false where nothing is known, or a word is not in what was recorded.
  bool recall(const user_regs_struct& target, const PointPieces& memory, Hint& hint) const;
  void remember(uint64_t site, const Hint& hint);
  void forget(uint64_t site) { bySite_.erase(site); }

 private:
  std::unordered_map<uint64_t, Hint> bySite_;
};

}  // namespace rr
