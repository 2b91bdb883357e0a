// What the kernel tells of a process's pages, as far as Debian 12's headers are too old for it: PAGEMAP_SCAN
// (include/uapi/linux/fs.h) and a feature of userfaultfd (userfaultfd.h), both of Linux 6.7.
#pragma once

#include <sys/ioctl.h>

#include <cstdint>

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

// UFFD_FEATURE_WP_ASYNC.
inline constexpr uint64_t kFeatureWriteProtectAsync = 1 << 15;

}  // namespace rr
