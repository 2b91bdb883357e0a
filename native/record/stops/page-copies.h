// What pages of an address space held at the last forced stop, so that the words that have changed since can be told:
// of all that a loop or a recursion has written, they say where it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "record/page-runs.h"
#include "record/stops/execution-point.h"
#include "tracee/tracee.h"

namespace rr {

class PageCopies {
 public:
  using Piece = PointMemory;

  // Whether what changed() would give of `runs` is all: they are short, and few of their pages are new.
  bool tellAll(std::span<const PageRun> runs) const;

  // Pieces of `runs` that have changed since they were given here last, those of pages with few changes first, and
  // pages that are new where they are few; about 8 KB of the former at most. Nothing where the runs are long.
  std::vector<Piece> changed(const TraceeMemory& memory, std::span<const PageRun> runs);

 private:
  std::unordered_map<uint64_t, std::array<uint8_t, 4096>> pages_;
};

}  // namespace rr
