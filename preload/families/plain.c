// Calls that do not block, and write what the table says.
#include "generated/calls.h"
#include "hook.h"

static uint64_t out_count(const struct rr_hook_frame *frame, const struct rr_out_model *out) {
  const uint64_t value = rr_argument(frame, out->countArgument);
  return out->countWidth == 4 ? (uint32_t)value : value;
}

// Bytes that the out-parameter may take at most.
static uint64_t most(const struct rr_hook_frame *frame, const struct rr_out_model *out) {
  if (out->rule == RR_LENGTH_FIXED) return out->base;
  const uint64_t count = out_count(frame, out);
  return count > RR_MAXIMUM_DATA ? count : out->base + count * out->element;
}

enum rr_verdict rr_plain(struct rr_hook_frame *frame) {
  const struct rr_call_model *call = &rr_calls[frame->rax];
  const struct rr_out_model *outs = rr_outs + call->firstOut;
  uint64_t room = 0;
  for (unsigned i = 0; i < call->outCount; i++) {
    if (rr_argument(frame, outs[i].argument) == 0) continue;
    const uint64_t length = most(frame, &outs[i]);
    if (length > RR_MAXIMUM_DATA) return RR_TRACED;
    room += length + sizeof(struct rr_buffer_out) + 8;
  }
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, room)) return RR_TRACED;
  const int64_t result = rr_call(frame);
  // A part may have been written: the tracer finds out what. None of these calls minds being made twice.
  if (result == -RR_EFAULT) return RR_TRACED;
  if (!rr_failed(result)) {
    for (unsigned i = 0; i < call->outCount; i++) {
      const uint64_t address = rr_argument(frame, outs[i].argument);
      if (address == 0) continue;
      uint64_t length = most(frame, &outs[i]);
      if (outs[i].rule == RR_LENGTH_RESULT) {
        const uint64_t written = outs[i].base + (uint64_t)result * outs[i].element;
        if (written < length) length = written;
      }
      if (length != 0) rr_out(&writer, address, length);
    }
  }
  return rr_commit(&writer, frame, result);
}
