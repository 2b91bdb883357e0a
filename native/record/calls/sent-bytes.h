// What leaves a program by a system call: its bytes are hashed when it is recorded, and again when it is replayed.
// Which memory that is tells engine/syscalls/ (SentRule); preload/sent.c does the same for calls that are buffered.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <span>

#include "patch/free-space.h"
#include "tracee/tracee.h"

namespace rr {

struct SentBytes {
  uint32_t hash = 0;    // 0: it sends nothing, or not all of it can be read, or some of it is `shared`
  uint64_t length = 0;  // of what is hashed; bytes
};

// Of a stopped task whose call has ended with `result`: what it would send at most, up to RR_SENT_ALWAYS bytes, and
// what lies behind that as far as it was sent. `shared`: memory that others may change, ascending.
SentBytes sentBytes(pid_t tid, const TraceeMemory& memory, long number, const uint64_t (&arguments)[6], int64_t result,
                    std::span<const AddressRange> shared);

// Bytes that a call would send at most.
uint64_t mostSent(const TraceeMemory& memory, long number, const uint64_t (&arguments)[6]);

}  // namespace rr
