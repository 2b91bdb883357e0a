// read, write and their kind. What is read goes where the program wants it, and is copied to the entry from there.
#include <linux/uio.h>

#include "descriptor.h"
#include "hook.h"

// UIO_MAXIOV is 1024; longer arrays are no hot path.
#define MOST_VECTORS 64

// More than this goes from the program's memory into the trace at once, not through the buffer.
#define MOST_READ (RR_MAXIMUM_DATA / 2)

enum rr_verdict rr_read(struct rr_hook_frame *frame) {
  const uint64_t room = frame->rdx < MOST_READ ? frame->rdx : MOST_READ;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, room + sizeof(struct rr_buffer_out) + 8)) return RR_TRACED;
  if (!rr_may_read((int)frame->rdi)) return RR_TRACED;
  const int64_t result = rr_call(frame);
  if (frame->rdx > room && (result == -RR_EFAULT || result > (int64_t)room)) return rr_made(result);
  if (result == -RR_EFAULT) rr_out_before_fault(&writer, frame->rsi, frame->rdx);
  if (result > 0) rr_out(&writer, frame->rsi, (uint64_t)result);
  return rr_commit(&writer, frame, result);
}

// Bytes that the vectors hold; more than any entry when the call must go traced.
static uint64_t vector_bytes(const struct iovec *vectors, uint64_t count) {
  if (count > MOST_VECTORS) return ~0ULL;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (vectors[i].iov_len > RR_MAXIMUM_DATA) return ~0ULL;
    bytes += vectors[i].iov_len;
  }
  return bytes;
}

enum rr_verdict rr_read_vector(struct rr_hook_frame *frame) {
  const struct iovec *vectors = (const struct iovec *)frame->rsi;
  const uint64_t bytes = vector_bytes(vectors, frame->rdx);
  if (bytes > RR_MAXIMUM_DATA / 2) return RR_TRACED;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, bytes + frame->rdx * (sizeof(struct rr_buffer_out) + 8))) return RR_TRACED;
  // The vectors may lie in what is read into.
  struct iovec copies[MOST_VECTORS];
  rr_copy(copies, vectors, frame->rdx * sizeof *vectors);
  if (!rr_may_read((int)frame->rdi)) return RR_TRACED;
  const int64_t result = rr_call(frame);
  int64_t left = result;
  if (result == -RR_EFAULT && frame->rdx > 0) {
    rr_out_before_fault(&writer, (uint64_t)copies[0].iov_base, copies[0].iov_len);
  }
  for (uint64_t i = 0; left > 0 && i < frame->rdx; i++) {
    const uint64_t length = copies[i].iov_len < (uint64_t)left ? copies[i].iov_len : (uint64_t)left;
    if (length == 0) continue;
    rr_out(&writer, (uint64_t)copies[i].iov_base, length);
    left -= (int64_t)length;
  }
  return rr_commit(&writer, frame, result);
}

static enum rr_verdict write_bytes(struct rr_hook_frame *frame, uint64_t bytes) {
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, 0) || !rr_may_write((int)frame->rdi, bytes)) return RR_TRACED;
  return rr_commit(&writer, frame, rr_call(frame));
}

enum rr_verdict rr_write(struct rr_hook_frame *frame) { return write_bytes(frame, frame->rdx); }

enum rr_verdict rr_write_vector(struct rr_hook_frame *frame) {
  const struct iovec *vectors = (const struct iovec *)frame->rsi;
  if (frame->rdx > MOST_VECTORS) return RR_TRACED;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < frame->rdx; i++) bytes += vectors[i].iov_len;
  return write_bytes(frame, bytes);
}
