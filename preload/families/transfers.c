// read, write and their kind. What is read goes where the program wants it, and is copied to the entry from there.
#include "descriptor.h"
#include "families/vectors.h"
#include "hook.h"

// More than this goes from the program's memory into the trace at once, not through the buffer.
#define MOST_READ (RR_MAXIMUM_DATA / 2)

enum rr_verdict rr_read(struct rr_hook_frame *frame) {
  const uint64_t room = frame->rdx < MOST_READ ? frame->rdx : MOST_READ;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, room + RR_OUT_OVERHEAD)) return RR_TRACED;
  const enum rr_reading reading = rr_may_read((int)frame->rdi);
  if (reading == RR_READ_TRACED) return RR_TRACED;
  const int64_t result = rr_call(frame);
  if (frame->rdx > room && (result == -RR_EFAULT || result > (int64_t)room)) return rr_made(result);
  if (result == -RR_EFAULT) rr_out_before_fault(&writer, frame->rsi, frame->rdx);
  if (result > 0) rr_out(&writer, frame->rsi, (uint64_t)result);
  if (reading == RR_READ_FILE) writer.entry->argumentCount |= RR_READS_FILE;
  return rr_commit(&writer, frame, result);
}

enum rr_verdict rr_read_vector(struct rr_hook_frame *frame) {
  // A copy: the vectors may lie in what is read into.
  struct iovec vectors[RR_MOST_VECTORS];
  const uint64_t count = frame->rdx;
  const uint64_t bytes = rr_fetch_vectors(vectors, frame->rsi, count);
  if (bytes > RR_MAXIMUM_DATA / 2) return RR_TRACED;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, bytes + count * RR_OUT_OVERHEAD)) return RR_TRACED;
  const enum rr_reading reading = rr_may_read((int)frame->rdi);
  if (reading == RR_READ_TRACED) return RR_TRACED;
  const int64_t result = rr_call(frame);
  if (result == -RR_EFAULT && count > 0) {
    rr_out_before_fault(&writer, (uint64_t)vectors[0].iov_base, vectors[0].iov_len);
  }
  if (result > 0) rr_out_vectors(&writer, vectors, count, (uint64_t)result);
  if (reading == RR_READ_FILE) writer.entry->argumentCount |= RR_READS_FILE;
  return rr_commit(&writer, frame, result);
}

static enum rr_verdict write_bytes(struct rr_hook_frame *frame, uint64_t bytes) {
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, 0) || !rr_may_write((int)frame->rdi, bytes)) return RR_TRACED;
  return rr_commit(&writer, frame, rr_call_sending(&writer, frame));
}

enum rr_verdict rr_write(struct rr_hook_frame *frame) { return write_bytes(frame, frame->rdx); }

enum rr_verdict rr_write_vector(struct rr_hook_frame *frame) {
  struct iovec vectors[RR_MOST_VECTORS];
  const uint64_t bytes = rr_fetch_vectors(vectors, frame->rsi, frame->rdx);
  return bytes > RR_MAXIMUM_DATA ? RR_TRACED : write_bytes(frame, bytes);
}

enum rr_verdict rr_copy_range(struct rr_hook_frame *frame) {
  const bool has_offsets = frame->rsi != 0 || frame->r10 != 0;
  struct rr_writer writer;
  if (has_offsets || !rr_begin(&writer, frame, 0) || !rr_may_change((int)frame->rdx)) return RR_TRACED;
  return rr_commit(&writer, frame, rr_call(frame));
}
