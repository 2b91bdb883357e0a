// What the kernel tells of a process's pages, as far as Debian 12's headers are too old for it: PAGEMAP_SCAN
// (include/uapi/linux/fs.h) and a feature of userfaultfd (userfaultfd.h), both of Linux 6.7.
#pragma once

#include <sys/ioctl.h>

#include <cstdint>
#include <vector>

namespace rr {

// struct pm_scan_arg.
struct PagemapScan {
  uint64_t size, flags, start, end, walkEnd, regions, regionCount, maximumPages;
  uint64_t invertMask, mask, anyOfMask, returnMask;
};
// struct page_region.
struct PageRegion {
  uint64_t start, end, categories;
};
inline constexpr unsigned long kPagemapScan = _IOWR('f', 16, PagemapScan);

// Categories: PAGE_IS_...
inline constexpr uint64_t kPageIsWritten = 1 << 1;
inline constexpr uint64_t kPageIsFile = 1 << 2;
inline constexpr uint64_t kPageIsPresent = 1 << 3;
inline constexpr uint64_t kPageIsSwapped = 1 << 4;
inline constexpr uint64_t kPageIsZero = 1 << 5;

// Shows `visit` each region of pages in [start, end) that `arguments` choose by their masks, in order. `regions` is
// memory for the answers. False when the kernel cannot tell (before Linux 6.7).
template <typename Visit>
bool scanPages(int pagemap, PagemapScan arguments, std::vector<PageRegion>& regions, const Visit& visit) {
  arguments.size = sizeof arguments;
  arguments.regions = reinterpret_cast<uint64_t>(regions.data());
  arguments.regionCount = regions.size();
  while (arguments.start < arguments.end) {
    const int count = ioctl(pagemap, kPagemapScan, &arguments);
    if (count < 0) return false;
    for (int i = 0; i < count; i++) visit(regions[static_cast<size_t>(i)]);
    if (arguments.walkEnd <= arguments.start) return false;
    arguments.start = arguments.walkEnd;
  }
  return true;
}

// UFFD_FEATURE_WP_ASYNC.
inline constexpr uint64_t kFeatureWriteProtectAsync = 1 << 15;

}  // namespace rr
