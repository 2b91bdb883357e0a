#include "record/runtime/code-pieces.h"

#include <sys/uio.h>

#include <algorithm>

namespace rr {

std::vector<std::vector<uint8_t>> readPieces(const Task& task, std::span<const AddressRange> ranges) {
  constexpr size_t kMost = 256;  // at once; the kernel's UIO_MAXIOV is 1024
  std::vector<std::vector<uint8_t>> pieces(ranges.size());
  std::vector<iovec> here(ranges.size());
  std::vector<iovec> there(ranges.size());
  for (size_t i = 0; i < ranges.size(); i++) {
    pieces[i].resize(ranges[i].end - ranges[i].start);
    here[i] = {pieces[i].data(), pieces[i].size()};
    there[i] = {reinterpret_cast<void*>(ranges[i].start), pieces[i].size()};
  }
  for (size_t first = 0; first < ranges.size(); first += kMost) {
    const size_t count = std::min(ranges.size() - first, kMost);
    ssize_t whole = 0;
    for (size_t i = first; i < first + count; i++) whole += static_cast<ssize_t>(pieces[i].size());
    if (process_vm_readv(task.tid, &here[first], count, &there[first], count, 0) == whole) continue;
    for (size_t i = first; i < first + count; i++) {
      if (!task.space->memory.readAll(ranges[i].start, pieces[i].data(), pieces[i].size())) pieces[i].clear();
    }
  }
  return pieces;
}

}  // namespace rr
