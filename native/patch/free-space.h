// Where in an address space code of ours may be mapped.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rr {

// Bytes [start, end).
struct AddressRange {
  uint64_t start = 0;
  uint64_t end = 0;
};

inline bool startsBefore(const AddressRange& one, const AddressRange& other) { return one.start < other.start; }

// Into ranges that are in ascending order.
inline void insertSorted(std::vector<AddressRange>& ranges, const AddressRange& range) {
  ranges.insert(std::upper_bound(ranges.begin(), ranges.end(), range, startsBefore), range);
}

inline bool overlapsAny(const AddressRange& range, std::span<const AddressRange> others) {
  return std::any_of(others.begin(), others.end(),
                     [&](const AddressRange& other) { return range.start < other.end && other.start < range.end; });
}

// Below it vm.mmap_min_addr may forbid mappings (65536 by the kernel's default); above it user space ends.
inline constexpr uint64_t kLowestMappable = 0x10000;
inline constexpr uint64_t kUserSpaceEnd = 0x7ffffffff000;

// The gaps between `mapped`, which is in ascending order as /proc/PID/maps is, within kLowestMappable and
// kUserSpaceEnd. Each gap loses `margin` bytes at both ends, so that what is put there does not stand in the way of a
// heap or stack that grows.
std::vector<AddressRange> gapsBetween(std::span<const AddressRange> mapped, uint64_t margin = 0);

// `free` without `excluded`; both in ascending order and without overlaps within themselves.
std::vector<AddressRange> subtract(std::span<const AddressRange> free, std::span<const AddressRange> excluded);

// The address nearest to `wanted` where `size` bytes lie within one of `free` (ascending) and the first of them within
// [first, last]; a multiple of `alignment` (a power of two), and `remainder` (less than that) behind it. Nothing when
// there is none.
std::optional<uint64_t> findRoom(std::span<const AddressRange> free, uint64_t wanted, uint64_t first, uint64_t last,
                                 uint64_t size, uint64_t alignment = 1, uint64_t remainder = 0) noexcept;

// Room for `size` bytes, all of which a rip-relative operand or jump in or near `site` reaches and the other way round;
// the nearest to `site`. `margin`: bytes of reach to keep in hand for instructions around `site`.
std::optional<uint64_t> findRoomNear(std::span<const AddressRange> free, uint64_t site, uint64_t size,
                                     uint64_t alignment = 0x1000, uint64_t margin = 0x10000) noexcept;

}  // namespace rr
