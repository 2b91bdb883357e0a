// What futex does without waiting: waking, requeueing, and a wait for a value that is not there any more.
#include <linux/futex.h>

#include "hook.h"

// True also when the word cannot be read.
static bool waits(uint64_t word, uint64_t value) {
  uint32_t found;
  return !rr_fetch(&found, word, sizeof found) || found == (uint32_t)value;
}

enum rr_verdict rr_futex(struct rr_hook_frame *frame) {
  bool second = false;  // the word of the second address is changed
  switch (frame->rsi & (uint64_t)FUTEX_CMD_MASK & 0xffffffff) {
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE:
      break;
    case FUTEX_WAKE_OP:
      second = true;
      break;
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
      if (waits(frame->rdi, frame->rdx)) return RR_TRACED;
      break;
    default:
      return RR_TRACED;
  }
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, sizeof(uint32_t) + RR_OUT_OVERHEAD)) return RR_TRACED;
  const int64_t result = rr_call(frame);
  if (result == -RR_EFAULT) return RR_TRACED;
  if (second && !rr_failed(result)) rr_out(&writer, frame->r8, sizeof(uint32_t));
  return rr_commit(&writer, frame, result);
}
