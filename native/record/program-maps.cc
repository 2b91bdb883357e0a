#include "record/program-maps.h"

#include <algorithm>

#include "layout.h"

namespace rr {

namespace {

struct Area {
  uint64_t start, end;
};

std::vector<Area> areasOfOurs(const AddressSpace& space) {
  std::vector<Area> areas = {{kRuntimePage, kRuntimePage + kRuntimePageSize}};
  if (space.patched.runtime == PatchedSites::Runtime::installed) areas.push_back({RR_CODE, RR_RUNTIME_END});
  for (const uint64_t scratch : space.scratch) areas.push_back({scratch, scratch + kScratchSize});
  std::sort(areas.begin(), areas.end(), [](const Area& one, const Area& other) { return one.start < other.start; });
  return areas;
}

}  // namespace

std::vector<MapLine> readProgramMaps(pid_t tid, const AddressSpace& space) {
  const std::vector<Area> ours = areasOfOurs(space);
  std::vector<MapLine> lines;
  const auto add = [&lines](const MapLine& whole, uint64_t start, uint64_t end) {
    if (start >= end) return;
    MapLine part = whole;
    part.start = start;
    part.end = end;
    part.offset += start - whole.start;
    lines.push_back(std::move(part));
  };
  for (const MapLine& line : readMaps(tid)) {
    if (line.name.starts_with("[vvar") || line.name == "[vsyscall]") continue;
    uint64_t start = line.start;
    for (const Area& area : ours) {
      if (area.end <= start || area.start >= line.end) continue;
      add(line, start, area.start);
      start = area.end;
    }
    add(line, start, line.end);
  }
  return lines;
}

}  // namespace rr
