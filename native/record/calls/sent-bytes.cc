#include "record/calls/sent-bytes.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <vector>

#include "generated/syscalls.h"
#include "layout.h"
#include "sent-hash.h"

namespace rr {

namespace {

constexpr uint64_t kPiece = 64 * 1024;
// The kernel refuses more vectors (UIO_MAXIOV), and looks at no more messages.
constexpr uint64_t kMostVectors = 1024;
constexpr uint64_t kMostMessages = 1024;

uint64_t addressOf(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

// Shows `visit` (address, length) each piece of memory that the call would send, in order, until that returns false.
// False when one cannot be found, or a visit was the last.
template <typename Visit>
bool visitVectors(const TraceeMemory& memory, uint64_t array, uint64_t count, const Visit& visit) {
  std::vector<iovec> vectors(std::min(count, kMostVectors));
  if (vectors.empty()) return true;
  if (!memory.readAll(array, vectors.data(), vectors.size() * sizeof(iovec))) return false;
  return std::all_of(vectors.begin(), vectors.end(), [&](const iovec& vector) {
    return vector.iov_len == 0 || visit(addressOf(vector.iov_base), vector.iov_len);
  });
}

template <typename Visit>
bool visitSent(const TraceeMemory& memory, long number, const uint64_t (&arguments)[6], const Visit& visit) {
  const SyscallModel& model = syscallModel(number);
  const uint64_t address = arguments[model.sentArgument];
  if (model.sent == SentRule::none || address == 0) return true;
  uint64_t count = arguments[model.sentCountArgument];
  if (model.sentCountWidth == 4) count = static_cast<uint32_t>(count);
  const bool negative = model.sentCountSigned &&
                        (model.sentCountWidth == 4 ? static_cast<int32_t>(count) < 0 : static_cast<int64_t>(count) < 0);
  if (negative) return true;
  switch (model.sent) {
    case SentRule::argument:
      return visit(address, model.sentBase + std::min<uint64_t>(count, INT64_MAX));
    case SentRule::iovec:
      return visitVectors(memory, address, count, visit);
    case SentRule::message: {
      const auto message = memory.readValue<msghdr>(address);
      return message && visitVectors(memory, addressOf(message->msg_iov), message->msg_iovlen, visit);
    }
    case SentRule::messages:
      for (uint64_t i = 0; i < std::min(count, kMostMessages); i++) {
        const auto message = memory.readValue<mmsghdr>(address + i * sizeof(mmsghdr));
        if (!message) return false;
        const msghdr& header = message->msg_hdr;
        if (!visitVectors(memory, addressOf(header.msg_iov), header.msg_iovlen, visit)) return false;
      }
      return true;
    default:
      return true;
  }
}

bool readPiece(pid_t tid, const TraceeMemory& memory, uint64_t address, uint8_t* into, uint64_t length) {
  const iovec here = {into, length};
  const iovec there = {reinterpret_cast<void*>(address), length};
  if (process_vm_readv(tid, &here, 1, &there, 1, 0) == static_cast<ssize_t>(length)) return true;
  // Where a container's profile forbids the call.
  return memory.readAll(address, into, length);
}

}  // namespace

SentBytes sentBytes(pid_t tid, const TraceeMemory& memory, long number, const uint64_t (&arguments)[6], int64_t result,
                    std::span<const AddressRange> shared) {
  static thread_local std::vector<uint8_t> bytes(kPiece);
  const uint64_t most = std::max<uint64_t>(result > 0 ? static_cast<uint64_t>(result) : 0, RR_SENT_ALWAYS);
  uint64_t hash = RR_SENT_NOTHING;
  uint64_t hashed = 0;
  bool known = true;
  const AddressRange ours = {RR_UNTRACED, RR_RUNTIME_END};
  visitSent(memory, number, arguments, [&](uint64_t address, uint64_t length) {
    length = std::min(length, most - hashed);
    const AddressRange range = {address, address + length};
    known = known && !overlapsAny(range, shared) && !overlapsAny(range, {&ours, 1});
    for (uint64_t done = 0; known && done < length; done += kPiece) {
      const uint64_t piece = std::min(length - done, kPiece);
      known = readPiece(tid, memory, address + done, bytes.data(), piece);
      if (known) hash = rr_sent_hash(hash, bytes.data(), piece);
    }
    hashed += length;
    return known && hashed < most;
  });
  if (!known || hashed == 0) return {};
  return {rr_sent_value(hash), hashed};
}

uint64_t mostSent(const TraceeMemory& memory, long number, const uint64_t (&arguments)[6]) {
  uint64_t sum = 0;
  visitSent(memory, number, arguments, [&](uint64_t, uint64_t length) {
    sum += std::min<uint64_t>(length, INT32_MAX);
    return sum < INT32_MAX;
  });
  return sum;
}

}  // namespace rr
