// Messages received by recvmsg(2) and recvmmsg(2).
#pragma once

#include <cstdint>
#include <vector>

#include "record/out-parameters.h"
#include "tracee/tracee.h"

namespace rr {

inline constexpr uint64_t kMessageHeaderSize = 56;     // sizeof(msghdr), asserted in message.cc
inline constexpr uint64_t kMessageVectorElement = 64;  // sizeof(mmsghdr)
inline constexpr uint64_t kMostMessages = 1024;        // looked at when the call failed

// Appends what recvmmsg wrote: `count` elements of the array, and what they point to. The kernel leaves the pointers in
// the elements alone, so they are read afterwards, and only those that were used.
void exitMessages(uint64_t array, uint64_t count, const TraceeMemory& memory, std::vector<OutRange>& ranges);

}  // namespace rr
