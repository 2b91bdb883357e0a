// What a call sends: found by the table in engine/syscalls/, hashed by sent-hash.h.
#pragma once

#include "runtime.h"

struct rr_sent {
  uint64_t hash;
  uint64_t left;   // bytes that are hashed yet
  uint32_t value;  // of the hash; 0: nothing was sent, or some of it is not to be hashed
};

// Whether others may change that memory, or it is ours.
bool rr_is_shared(uint64_t address, uint64_t length);

// Hashes what the call would send, up to RR_SENT_ALWAYS bytes, while nothing has happened yet: where the program's
// memory is not there, the hook faults, and the call goes traced.
void rr_sent_begin(struct rr_sent *sent, const struct rr_hook_frame *frame);
// And, of a call that has sent more than that, the rest.
void rr_sent_end(struct rr_sent *sent, const struct rr_hook_frame *frame, int64_t result);
