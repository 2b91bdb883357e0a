#include "generated/calls.h"
#include "hook.h"

// True when the entry is of the call that the frame makes.
static bool is_same(const struct rr_buffer_entry *entry, const struct rr_hook_frame *frame) {
  if (entry->number != frame->rax) return false;
  if ((entry->returnAddress & ~RR_STOP_BEHIND) != frame->returnAddress) return false;
  const uint64_t *arguments = (const uint64_t *)(entry + 1);
  for (unsigned i = 0; i < entry->argumentCount; i++) {
    if (arguments[i] != rr_argument(frame, i)) return false;
  }
  return true;
}

// No entry left, or the next is of another call: the system call instruction stops the task, and the tracer looks which
// of the two it is.
enum rr_verdict rr_replay(struct rr_hook_frame *frame) {
  struct rr_locals *locals = RR_THE_LOCALS;
  if (locals->next >= locals->used) return RR_TRACED;
  const struct rr_buffer_entry *entry = (const struct rr_buffer_entry *)(RR_BUFFER + locals->next);
  if (!is_same(entry, frame)) return RR_TRACED;
  const uint8_t *at = (const uint8_t *)(entry + 1) + entry->argumentCount * 8;
  for (unsigned i = 0; i < entry->outCount; i++) {
    const struct rr_buffer_out *out = (const struct rr_buffer_out *)at;
    rr_copy((void *)out->address, out + 1, out->length);
    at = (const uint8_t *)(out + 1) + ((out->length + 7) & ~7ULL);
  }
  frame->rax = (uint64_t)entry->result;
  locals->next += entry->size;
  return entry->returnAddress & RR_STOP_BEHIND ? RR_STOP : RR_DONE;
}
