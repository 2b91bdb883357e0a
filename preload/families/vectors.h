// Arrays of buffers in the program's memory.
#pragma once

#include <linux/uio.h>

#include "runtime.h"

// UIO_MAXIOV is 1024; longer arrays are no hot path.
#define RR_MOST_VECTORS 64

// Copies `count` vectors, of which `vectors` has room for `RR_MOST_VECTORS`. Returns the bytes that they hold; more
// than any entry when the call must go traced: there are too many, they are too large, or are not there.
static inline uint64_t rr_fetch_vectors(struct iovec *vectors, uint64_t address, uint64_t count) {
  if (count > RR_MOST_VECTORS || !rr_fetch(vectors, address, count * sizeof *vectors)) return ~0ULL;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < count; i++) {
    if (vectors[i].iov_len > RR_MAXIMUM_DATA) return ~0ULL;
    bytes += vectors[i].iov_len;
  }
  return bytes;
}

// Records what a call that filled the vectors in order has written: `bytes` bytes.
static inline void rr_out_vectors(struct rr_writer *writer, const struct iovec *vectors, uint64_t count,
                                  uint64_t bytes) {
  for (uint64_t i = 0; bytes > 0 && i < count; i++) {
    const uint64_t length = vectors[i].iov_len < bytes ? vectors[i].iov_len : bytes;
    if (length == 0) continue;
    rr_out(writer, (uint64_t)vectors[i].iov_base, length);
    bytes -= length;
  }
}
