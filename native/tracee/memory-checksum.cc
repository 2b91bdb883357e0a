#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "tracee/tracee.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kPagesAtOnce = 256;

bool isZero(const uint8_t* page) { return page[0] == 0 && memcmp(page, page + 1, kPage - 1) == 0; }

}  // namespace

uint64_t memoryChecksum(pid_t tid, const TraceeMemory& memory, uint64_t start, uint64_t length, bool sparse) {
  int pagemap = -1;
  if (sparse) {
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/pagemap", tid);
    pagemap = open(path, O_RDONLY | O_CLOEXEC);
  }
  // Kept: to make and clear them would cost more than to sum up a few pages.
  static thread_local std::vector<uint8_t> bytes(kPagesAtOnce * kPage);
  static thread_local std::vector<uint64_t> entries(kPagesAtOnce);
  const uint64_t end = start + length;
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
  if (pagemap >= 0) close(pagemap);
  return sum;
}

}  // namespace rr
