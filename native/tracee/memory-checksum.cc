#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "tracee/descriptor.h"
#include "tracee/page-tracking.h"
#include "tracee/tracee.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPagesAtOnce = 256;

// From this length on, sparse memory is first asked for what is there at all. Bytes.
constexpr uint64_t kLarge = 64 << 20;

struct Range {
  uint64_t start;
  uint64_t end;
};

// The parts of `range` that hold pages; all of it where the kernel cannot tell (before Linux 6.7).
std::vector<Range> populated(int pagemap, Range range) {
  std::vector<Range> found;
  std::vector<PageRegion> regions(512);
  PagemapScan arguments = {};
  arguments.size = sizeof arguments;
  arguments.start = range.start & ~(kPage - 1);
  arguments.end = (range.end + kPage - 1) & ~(kPage - 1);
  arguments.regions = reinterpret_cast<uint64_t>(regions.data());
  arguments.regionCount = regions.size();
  arguments.anyOfMask = arguments.returnMask = kPageIsPresent | kPageIsSwapped;
  while (arguments.start < arguments.end) {
    const int count = ioctl(pagemap, kPagemapScan, &arguments);
    if (count < 0 || arguments.walkEnd <= arguments.start) return {range};
    for (int i = 0; i < count; i++) {
      const PageRegion& each = regions[static_cast<size_t>(i)];
      const Range part = {std::max(each.start, range.start), std::min(each.end, range.end)};
      if (!found.empty() && found.back().end == part.start) {
        found.back().end = part.end;
      } else {
        found.push_back(part);
      }
    }
    arguments.start = arguments.walkEnd;
  }
  return found;
}

bool isZero(const uint8_t* page) { return page[0] == 0 && memcmp(page, page + 1, kPage - 1) == 0; }

uint64_t checksumOf(const TraceeMemory& memory, int pagemap, Range range) {
  // Kept: to make and clear them would cost more than to sum up a few pages.
  static thread_local std::vector<uint8_t> bytes(kPagesAtOnce * kPage);
  static thread_local std::vector<uint64_t> entries(kPagesAtOnce);
  const auto [start, end] = range;
  uint64_t sum = 0;
  for (uint64_t block = start & ~(kPage - 1); block < end; block += kPagesAtOnce * kPage) {
    const uint64_t pages = std::min(kPagesAtOnce, (end - block + kPage - 1) / kPage);
    // Bits 62 and 63 of an entry: swapped, present (Documentation/admin-guide/mm/pagemap.rst). Without the file, or
    // when it cannot be read, every page counts as present.
    uint64_t known = 0;
    if (pagemap >= 0) {
      ssize_t got = pread(pagemap, entries.data(), pages * 8, static_cast<off_t>(block / kPage * 8));
      known = got > 0 ? static_cast<uint64_t>(got) / 8 : 0;
    }
    auto present = [&](uint64_t page) { return page >= known || (entries[page] >> 62) != 0; };
    for (uint64_t page = 0; page < pages;) {
      if (!present(page)) {
        page++;
        continue;
      }
      uint64_t run = page + 1;
      while (run < pages && present(run)) run++;
      const size_t wanted = (run - page) * kPage;
      ssize_t got = memory.read(block + page * kPage, bytes.data(), wanted);
      const size_t readable = got > 0 ? static_cast<size_t>(got) : 0;
      memset(bytes.data() + readable, 0, wanted - readable);
      for (uint64_t i = page; i < run; i++) {
        const uint64_t address = block + i * kPage;
        uint8_t* content = bytes.data() + (i - page) * kPage;
        if (address < start) memset(content, 0, start - address);
        if (address + kPage > end) memset(content + (end - address), 0, address + kPage - end);
        if (!isZero(content)) sum += xxh64(content, kPage, address);
      }
      page = run;
    }
  }
  return sum;
}

}  // namespace

uint64_t memoryChecksum(pid_t tid, const TraceeMemory& memory, uint64_t start, uint64_t length, bool sparse) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/pagemap", tid);
  const Descriptor pagemap(sparse ? open(path, O_RDONLY | O_CLOEXEC) : -1);
  const Range all = {start, start + length};
  if (length < kLarge || !pagemap) return checksumOf(memory, pagemap.number(), all);
  // Sums of pages add up, however the memory is cut at page ends.
  uint64_t sum = 0;
  for (const Range& part : populated(pagemap.number(), all)) sum += checksumOf(memory, pagemap.number(), part);
  return sum;
}

}  // namespace rr
