#include "record/program-maps.h"

#include <algorithm>
#include <utility>

#include "layout.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// Of a stack that may lie amid other memory. Bytes.
constexpr uint64_t kDeadStack = 64 * 1024;

// Our page and, where it is there, the runtime.
std::vector<AddressRange> runtimeMemory(const AddressSpace& space) {
  std::vector<AddressRange> ranges = {{kRuntimePage, kRuntimeData + kRuntimeDataSize}};
  if (space.patched.runtime == PatchedSites::Runtime::installed) ranges.push_back({RR_CODE, RR_RUNTIME_END});
  return ranges;
}

// Those and the scratch memory, in order.
std::vector<AddressRange> withScratch(std::vector<AddressRange> ranges, const AddressSpace& space) {
  for (const uint64_t scratch : space.scratch) ranges.push_back({scratch, scratch + kScratchSize});
  std::sort(ranges.begin(), ranges.end(), startsBefore);
  return ranges;
}

}  // namespace

std::vector<AddressRange> ownMemoryBesideRuntime(const AddressSpace& space) {
  return withScratch(space.patched.areas, space);
}

std::vector<AddressRange> ownMemory(const AddressSpace& space) {
  std::vector<AddressRange> ranges = runtimeMemory(space);
  ranges.insert(ranges.end(), space.patched.areas.begin(), space.patched.areas.end());
  return withScratch(std::move(ranges), space);
}

std::vector<MapLine> readProgramMaps(pid_t tid, const AddressSpace& space) {
  // The content of stubs is part of the trace.
  const std::vector<AddressRange> ours = withScratch(runtimeMemory(space), space);
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
    for (const AddressRange& area : ours) {
      if (area.end <= start || area.start >= line.end) continue;
      add(line, start, area.start);
      start = area.end;
    }
    add(line, start, line.end);
  }
  return lines;
}

AddressRange deadStack(std::span<const MapLine> maps, const user_regs_struct& registers) {
  const uint64_t live = registers.rsp - kRedZone;
  for (const MapLine& line : maps) {
    if (live <= line.start || registers.rsp > line.end) continue;
    // The C library has a thread's own block above its stack.
    const bool isStack = line.name == "[stack]" || (registers.fs_base >= registers.rsp && registers.fs_base < line.end);
    const uint64_t lowest = isStack ? line.start : live - std::min(live, kDeadStack);
    return {std::max(line.start, lowest), live};
  }
  return {live, live};
}

}  // namespace rr
