#include "record/families/message.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>

namespace rr {

static_assert(sizeof(msghdr) == kMessageHeaderSize);
static_assert(sizeof(mmsghdr) == kMessageVectorElement);

namespace {

// The kernel's own buffer for an address, whatever the program says of its.
constexpr uint64_t kMostName = sizeof(sockaddr_storage);
constexpr size_t kIovecChunk = 64;

uint64_t addressOf(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

void append(uint64_t address, uint64_t length, std::vector<OutRange>& ranges) {
  if (address != 0 && length != 0) ranges.push_back({address, std::min(length, ~address)});
}

// The first `bytes` bytes of the buffers of an array in the program's memory.
void appendFilled(uint64_t array, uint64_t count, uint64_t bytes, const TraceeMemory& memory,
                  std::vector<OutRange>& ranges) {
  iovec chunk[kIovecChunk];
  while (count > 0 && bytes > 0) {
    const size_t now = std::min<uint64_t>(count, kIovecChunk);
    if (!memory.readAll(array, chunk, now * sizeof(iovec))) return;
    for (size_t i = 0; i < now && bytes > 0; i++) {
      const uint64_t length = std::min<uint64_t>(chunk[i].iov_len, bytes);
      append(addressOf(chunk[i].iov_base), length, ranges);
      bytes -= length;
    }
    array += now * sizeof(iovec);
    count -= now;
  }
}

}  // namespace

// Adds the regions that a msghdr at `header` points to, besides its buffers.
OutParameters::Message OutParameters::addMessage(uint64_t header, const msghdr& message) {
  Message known = {};
  // A negative length is refused; the kernel takes it as an int.
  if (message.msg_name != nullptr && static_cast<int32_t>(message.msg_namelen) > 0) {
    known.name = {addressOf(message.msg_name), std::min<uint64_t>(message.msg_namelen, kMostName)};
    regions_.push_back({known.name.address, known.name.length, -1, header + offsetof(msghdr, msg_name), true});
  }
  if (message.msg_control != nullptr && message.msg_controllen != 0) {
    known.control = {addressOf(message.msg_control), std::min<uint64_t>(message.msg_controllen, INT32_MAX)};
    regions_.push_back({known.control.address, known.control.length, -1, header + offsetof(msghdr, msg_control), true});
  }
  return known;
}

void OutParameters::enterMessage(uint64_t header, const TraceeMemory& memory) {
  message_ = {};
  const auto message = memory.readValue<msghdr>(header);
  if (!message) return;
  message_ = addMessage(header, *message);
  enterIovec(addressOf(message->msg_iov), message->msg_iovlen, -1, header + offsetof(msghdr, msg_iov), memory);
}

// The regions of recvmmsg, as far as they can be read.
void OutParameters::enterMessages(uint64_t array, uint64_t count, const TraceeMemory& memory) {
  count = std::min(count, kMostMessages);
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t header = array + i * kMessageVectorElement + offsetof(mmsghdr, msg_hdr);
    const auto message = memory.readValue<msghdr>(header);
    if (!message) return;
    addMessage(header, *message);
    enterIovec(addressOf(message->msg_iov), message->msg_iovlen, -1, header + offsetof(msghdr, msg_iov), memory);
  }
  buffers_.clear();
}

void OutParameters::exitMessage(uint64_t header, uint64_t bytes, const TraceeMemory& memory,
                                std::vector<OutRange>& ranges) const {
  append(header, kMessageHeaderSize, ranges);
  // Unreadable only when the program's memory is gone.
  const msghdr message = memory.readValue<msghdr>(header).value_or(msghdr{});
  append(message_.name.address, std::min<uint64_t>(message_.name.length, message.msg_namelen), ranges);
  append(message_.control.address, std::min<uint64_t>(message_.control.length, message.msg_controllen), ranges);
  exitIovec(bytes, ranges);
}

void exitMessages(uint64_t array, uint64_t count, const TraceeMemory& memory, std::vector<OutRange>& ranges) {
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t at = array + i * kMessageVectorElement;
    const auto element = memory.readValue<mmsghdr>(at);
    if (!element) return;
    const msghdr& message = element->msg_hdr;
    append(at, kMessageVectorElement, ranges);
    append(addressOf(message.msg_name), std::min<uint64_t>(message.msg_namelen, kMostName), ranges);
    append(addressOf(message.msg_control), std::min<uint64_t>(message.msg_controllen, INT32_MAX), ranges);
    appendFilled(addressOf(message.msg_iov), message.msg_iovlen, element->msg_len, memory, ranges);
  }
}

}  // namespace rr
