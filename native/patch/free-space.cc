#include "patch/free-space.h"

#include <algorithm>

namespace rr {

std::vector<AddressRange> gapsBetween(std::span<const AddressRange> mapped, uint64_t margin) {
  std::vector<AddressRange> gaps;
  uint64_t start = kLowestMappable;
  const auto addGap = [&](uint64_t end) {
    if (end <= start || end - start <= 2 * margin) return;
    gaps.push_back({start == kLowestMappable ? start : start + margin, end == kUserSpaceEnd ? end : end - margin});
  };
  for (const AddressRange& range : mapped) {
    addGap(std::min(range.start, kUserSpaceEnd));
    start = std::max(start, range.end);
  }
  addGap(kUserSpaceEnd);
  return gaps;
}

std::vector<AddressRange> subtract(std::span<const AddressRange> free, std::span<const AddressRange> excluded) {
  std::vector<AddressRange> left;
  for (AddressRange range : free) {
    for (const AddressRange& hole : excluded) {
      if (hole.end <= range.start || hole.start >= hole.end) continue;
      if (hole.start >= range.end) break;
      if (hole.start > range.start) left.push_back({range.start, hole.start});
      range.start = std::min(hole.end, range.end);
    }
    if (range.start < range.end) left.push_back(range);
  }
  return left;
}

std::optional<uint64_t> findRoom(std::span<const AddressRange> free, uint64_t wanted, uint64_t first, uint64_t last,
                                 uint64_t size, uint64_t alignment, uint64_t remainder) noexcept {
  const auto atOrBelow = [&](uint64_t address) { return ((address - remainder) & ~(alignment - 1)) + remainder; };
  std::optional<uint64_t> best;
  uint64_t bestDistance = UINT64_MAX;
  for (const AddressRange& range : free) {
    if (range.end <= range.start || range.end - range.start < size || range.start > last) continue;
    uint64_t low = std::max(range.start, first);
    const uint64_t highest = std::min(range.end - size, last);
    if (low > UINT64_MAX - (alignment - 1) || low + alignment - 1 < remainder || highest < remainder) continue;
    low = atOrBelow(low + alignment - 1);
    const uint64_t high = atOrBelow(highest);
    if (low > high) continue;
    const uint64_t nearest = wanted < remainder ? low : std::clamp(atOrBelow(wanted), low, high);
    const uint64_t distance = nearest > wanted ? nearest - wanted : wanted - nearest;
    if (!best || distance < bestDistance) {
      best = nearest;
      bestDistance = distance;
    }
  }
  return best;
}

std::optional<uint64_t> findRoomNear(std::span<const AddressRange> free, uint64_t site, uint64_t size,
                                     uint64_t alignment, uint64_t margin) noexcept {
  constexpr uint64_t reach = uint64_t{1} << 31;
  if (size > reach || margin > reach - size) return std::nullopt;
  const uint64_t distance = reach - size - margin;
  const uint64_t first = site > distance ? site - distance : 0;
  return findRoom(free, site, first, site + distance, size, alignment);
}

}  // namespace rr
