#include "record/calls/memory-compare.h"

#include <string.h>

#include <algorithm>

namespace rr {

namespace {
constexpr uint64_t kBlock = 64;  // bytes compared, and recorded, at once
}

void MemoryCompare::copy(const TraceeMemory& memory, uint64_t address, uint64_t length) {
  Copy copy{address, std::vector<uint8_t>(length)};
  const ssize_t got = memory.read(address, copy.bytes.data(), length);
  if (got <= 0) return;
  copy.bytes.resize(static_cast<size_t>(got));
  copies_.push_back(std::move(copy));
}

void MemoryCompare::before(pid_t tid, const TraceeMemory& memory, const uint64_t (&arguments)[6]) {
  copies_.clear();
  std::vector<MapLine> writable;
  uint64_t total = 0;
  for (MapLine& line : readMaps(tid)) {
    if (!line.writable) continue;
    total += line.end - line.start;
    writable.push_back(std::move(line));
  }
  for (const MapLine& line : writable) {
    if (total <= kWholeLimit) {
      copy(memory, line.start, line.end - line.start);
      continue;
    }
    for (uint64_t argument : arguments) {
      if (argument < line.start || argument >= line.end) continue;
      copy(memory, argument, std::min(line.end - argument, kAround));
    }
  }
}

void MemoryCompare::after(const TraceeMemory& memory, std::vector<OutRange>& ranges) {
  for (const Copy& copy : copies_) {
    std::vector<uint8_t> now(copy.bytes.size());
    const ssize_t got = memory.read(copy.address, now.data(), now.size());
    if (got <= 0) continue;
    const uint64_t length = static_cast<uint64_t>(got);
    for (uint64_t at = 0; at < length;) {
      const uint64_t piece = std::min(kBlock, length - at);
      if (memcmp(now.data() + at, copy.bytes.data() + at, piece) == 0) {
        at += piece;
        continue;
      }
      uint64_t end = at + piece;
      while (end < length) {
        const uint64_t next = std::min(kBlock, length - end);
        if (memcmp(now.data() + end, copy.bytes.data() + end, next) == 0) break;
        end += next;
      }
      ranges.push_back({copy.address + at, end - at});
      at = end;
    }
  }
  copies_.clear();
}

}  // namespace rr
