#include "record/page-runs.h"

#include <algorithm>
#include <iterator>

namespace rr {

uint64_t totalOf(std::span<const PageRun> runs) {
  uint64_t total = 0;
  for (const PageRun& run : runs) total += run.end - run.start;
  return total;
}

std::vector<PageRun> unionOf(std::span<const PageRun> a, std::span<const PageRun> b) {
  std::vector<PageRun> both;
  both.reserve(a.size() + b.size());
  std::ranges::merge(a, b, std::back_inserter(both), {}, &PageRun::start, &PageRun::start);
  size_t kept = 0;
  for (const PageRun& run : both) {
    if (kept > 0 && run.start <= both[kept - 1].end) {
      both[kept - 1].end = std::max(both[kept - 1].end, run.end);
    } else {
      both[kept++] = run;
    }
  }
  both.resize(kept);
  return both;
}

std::vector<PageRun> intersectionOf(std::span<const PageRun> a, std::span<const PageRun> b) {
  std::vector<PageRun> common;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const PageRun run = {std::max(a[i].start, b[j].start), std::min(a[i].end, b[j].end)};
    if (run.start < run.end) common.push_back(run);
    if (a[i].end < b[j].end) {
      i++;
    } else {
      j++;
    }
  }
  return common;
}

std::vector<PageRun> differenceOf(std::span<const PageRun> a, const PageRun& without) {
  if (without.start >= without.end) return {a.begin(), a.end()};
  const PageRun around[] = {{0, without.start}, {without.end, ~uint64_t{0}}};
  return intersectionOf(a, around);
}

std::vector<PageRun> firstOf(std::span<const PageRun> runs, uint64_t limit) {
  std::vector<PageRun> first;
  for (const PageRun& run : runs) {
    const uint64_t length = std::min(limit, run.end - run.start);
    if (length == 0) break;
    first.push_back({run.start, run.start + length});
    limit -= length;
  }
  return first;
}

}  // namespace rr
