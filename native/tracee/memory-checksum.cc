#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
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
  arguments.start = range.start & ~(kPage - 1);
  arguments.end = (range.end + kPage - 1) & ~(kPage - 1);
  arguments.anyOfMask = arguments.returnMask = kPageIsPresent | kPageIsSwapped;
  const bool told = scanPages(pagemap, arguments, regions, [&](const PageRegion& each) {
    const Range part = {std::max(each.start, range.start), std::min(each.end, range.end)};
    if (!found.empty() && found.back().end == part.start) {
      found.back().end = part.end;
    } else {
      found.push_back(part);
    }
  });
  if (!told) return {range};
  return found;
}

bool isZero(const uint8_t* page) { return page[0] == 0 && memcmp(page, page + 1, kPage - 1) == 0; }

// Kept: to make and clear it would cost more than to sum up a few pages.
std::vector<uint8_t>& pageBuffer() {
  static thread_local std::vector<uint8_t> bytes(kPagesAtOnce * kPage);
  return bytes;
}

// Of pages from `start` on, as they were read, of which [from, to) counts; the bytes around it are cleared.
uint64_t sumOf(uint8_t* pages, uint64_t start, uint64_t from, uint64_t to) {
  uint64_t sum = 0;
  for (uint64_t address = start; address < to; address += kPage) {
    uint8_t* page = pages + (address - start);
    if (address < from) memset(page, 0, from - address);
    if (address + kPage > to) memset(page + (to - address), 0, address + kPage - to);
    if (!isZero(page)) sum += xxh64(page, kPage, address);
  }
  return sum;
}

// One copy and many pages at a time; /proc/PID/mem, which also reads what the program itself may not, copies twice.
size_t readPages(pid_t tid, const TraceeMemory& memory, uint64_t address, uint8_t* into, size_t length) {
  const iovec here = {into, length};
  const iovec there = {reinterpret_cast<void*>(address), length};
  if (process_vm_readv(tid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(length)) return length;
  const ssize_t got = memory.read(address, into, length);
  return got > 0 ? static_cast<size_t>(got) : 0;
}

uint64_t pageOf(uint64_t address) { return address & ~(kPage - 1); }

uint64_t endOfPages(const ChecksumEntry& entry) { return pageOf(entry.start + entry.length + kPage - 1); }

uint64_t checksumOf(pid_t tid, const TraceeMemory& memory, int pagemap, Range range) {
  std::vector<uint8_t>& bytes = pageBuffer();
  static thread_local std::vector<uint64_t> entries(kPagesAtOnce);
  const auto [start, end] = range;
  uint64_t sum = 0;
  for (uint64_t block = pageOf(start); block < end; block += kPagesAtOnce * kPage) {
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
      const uint64_t address = block + page * kPage;
      const size_t readable = readPages(tid, memory, address, bytes.data(), wanted);
      memset(bytes.data() + readable, 0, wanted - readable);
      sum += sumOf(bytes.data(), address, start, std::min(end, address + wanted));
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
  if (length < kLarge || !pagemap) return checksumOf(tid, memory, pagemap.number(), all);
  // Sums of pages add up, however the memory is cut at page ends.
  uint64_t sum = 0;
  for (const Range& part : populated(pagemap.number(), all)) sum += checksumOf(tid, memory, pagemap.number(), part);
  return sum;
}

// Calls `visit(index, checksum)` for entries from `from` on, until it is false or an entry is longer than `limit`;
// the index of that, or entries.size().
template <typename Visit>
static size_t visitChecksums(pid_t tid, const TraceeMemory& memory, std::span<const ChecksumEntry> entries, size_t from,
                             uint64_t limit, const Visit& visit) {
  limit = std::min(limit, (kPagesAtOnce - 1) * kPage);
  std::vector<uint8_t>& bytes = pageBuffer();
  static thread_local std::vector<iovec> remote;
  for (size_t i = from; i < entries.size();) {
    // So many of them fill the buffer.
    remote.clear();
    size_t total = 0;
    size_t next = i;
    for (; next < entries.size() && remote.size() < IOV_MAX; next++) {
      const ChecksumEntry& entry = entries[next];
      if (entry.length > limit || entry.start >> 63 != 0) break;
      const size_t length = endOfPages(entry) - pageOf(entry.start);
      if (total + length > bytes.size()) break;
      remote.push_back({reinterpret_cast<void*>(pageOf(entry.start)), length});
      total += length;
    }
    if (next == i) return i;
    const iovec local = {bytes.data(), total};
    const bool read = process_vm_readv(tid, &local, 1, remote.data(), remote.size(), 0) == static_cast<ssize_t>(total);
    for (uint8_t* at = bytes.data(); i < next; i++) {
      const ChecksumEntry& entry = entries[i];
      const uint64_t sum = read ? sumOf(at, pageOf(entry.start), entry.start, entry.start + entry.length)
                                : memoryChecksum(tid, memory, entry.start, entry.length, false);
      if (!visit(i, sum)) return i;
      at += endOfPages(entry) - pageOf(entry.start);
    }
  }
  return entries.size();
}

size_t firstUnequalChecksum(pid_t tid, const TraceeMemory& memory, std::span<const ChecksumEntry> entries, size_t from,
                            uint64_t limit) {
  return visitChecksums(tid, memory, entries, from, limit,
                        [&](size_t i, uint64_t sum) { return sum == entries[i].checksum; });
}

void sumUp(pid_t tid, const TraceeMemory& memory, std::span<ChecksumEntry> entries) {
  for (size_t i = 0; i < entries.size(); i++) {
    i = visitChecksums(tid, memory, entries, i, ~0ULL, [&](size_t index, uint64_t sum) {
      entries[index].checksum = sum;
      return true;
    });
    if (i == entries.size()) return;
    entries[i].checksum = memoryChecksum(tid, memory, entries[i].start, entries[i].length, false);
  }
}

}  // namespace rr
