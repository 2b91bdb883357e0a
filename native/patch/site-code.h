// What is known of the code around a site: the instructions that control comes to from there, and the status flags that
// they need.
#pragma once

#include <cstdint>
#include <vector>

#include "patch/flow-graph.h"

namespace rr {

// The most instructions that are looked at.
inline constexpr size_t kSurroundings = 128;

struct SiteCode {
  uint64_t address = 0;        // of `bytes`
  std::vector<uint8_t> bytes;  // the program's own
  FlowGraph graph;
  std::vector<uint16_t> needed;  // for each of the graph: neededFlags
  size_t site = 0;               // its index in the graph

  CodeWindow window() const noexcept { return {address, bytes}; }
  // The program overwrites all status flags there before it reads one.
  bool flagsAreDeadAt(size_t index) const noexcept { return needed[index] == 0; }
  // A stub at the site may change the flags: they are dead there, or the site is a branch behind which they are.
  bool leavesFlags() const noexcept;
};

// `bytes`: the program's own code from `address` on, with the site in it. An empty graph when there is no instruction
// at the site.
SiteCode exploreSite(uint64_t address, std::vector<uint8_t> bytes, uint64_t site);

}  // namespace rr
