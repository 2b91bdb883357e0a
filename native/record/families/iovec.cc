// Arrays of iovec that the kernel reads into (readv, process_vm_readv, the buffers of a message).
#include <sys/uio.h>

#include <algorithm>

#include "record/out-parameters.h"

namespace rr {

namespace {

// UIO_MAXIOV (include/uapi/linux/uio.h): a longer array is refused.
constexpr uint64_t kMostBuffers = 1024;

}  // namespace

// Reads the array into buffers_, and adds it and them to the regions; `argument` and `pointerLocation` as in OutRegion.
// False when the call cannot succeed.
bool OutParameters::enterIovec(uint64_t array, uint64_t argumentCount, int argument, uint64_t pointerLocation,
                               const TraceeMemory& memory) {
  static_assert(sizeof(Buffer) == sizeof(iovec));
  // The calls take an unsigned long, but import_iovec (lib/iov_iter.c) an unsigned int.
  const uint64_t count = static_cast<uint32_t>(argumentCount);
  if (count == 0 || count > kMostBuffers) return false;
  buffers_.resize(count);
  if (!memory.readAll(array, buffers_.data(), count * sizeof(Buffer))) {
    buffers_.clear();
    return false;
  }
  addBuffers({array, count * sizeof(Buffer), argument, pointerLocation, true, true}, buffers_);
  return true;
}

// The array first: whoever moves a buffer points the moved array at it.
void OutParameters::addBuffers(const OutRegion& array, const std::vector<Buffer>& buffers) {
  regions_.push_back(array);
  for (size_t i = 0; i < buffers.size(); i++) {
    const Buffer& buffer = buffers[i];
    if (buffer.length == 0) continue;
    regions_.push_back({buffer.address, std::min(buffer.length, ~buffer.address), -1,
                        array.address + i * sizeof(iovec) + offsetof(iovec, iov_base), false});
  }
}

// The first `bytes` bytes of the buffers, in their order.
void OutParameters::exitIovec(uint64_t bytes, std::vector<OutRange>& ranges) const {
  for (const Buffer& buffer : buffers_) {
    if (bytes == 0) return;
    const uint64_t length = std::min({buffer.length, bytes, ~buffer.address});
    if (length != 0) ranges.push_back({buffer.address, length});
    bytes -= std::min(buffer.length, bytes);
  }
}

}  // namespace rr
