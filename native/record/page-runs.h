// Runs of memory, page by page mostly: ascending lists without overlap.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rr {

struct PageRun {
  uint64_t start, end;  // addresses
};

// Bytes.
uint64_t totalOf(std::span<const PageRun> runs);

// Both; what they have in common; `a` without [without.start, without.end).
std::vector<PageRun> unionOf(std::span<const PageRun> a, std::span<const PageRun> b);
std::vector<PageRun> intersectionOf(std::span<const PageRun> a, std::span<const PageRun> b);
std::vector<PageRun> differenceOf(std::span<const PageRun> a, const PageRun& without);

// The first runs that are `limit` bytes in all; the last of them may be cut.
std::vector<PageRun> firstOf(std::span<const PageRun> runs, uint64_t limit);

}  // namespace rr
