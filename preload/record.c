#include "descriptor.h"
#include "generated/calls.h"
#include "hook.h"

enum rr_verdict rr_record(struct rr_hook_frame *frame) {
  if (frame->rax >= RR_CALL_COUNT || (RR_THE_LOCALS->flags & RR_ALL_TRACED)) return RR_TRACED;
  rr_forget_descriptors(frame);
  switch (rr_calls[frame->rax].family) {
    case RR_FAMILY_PLAIN:
      return rr_plain(frame);
    case RR_FAMILY_READ:
      return rr_read(frame);
    case RR_FAMILY_READ_VECTOR:
      return rr_read_vector(frame);
    case RR_FAMILY_WRITE:
      return rr_write(frame);
    case RR_FAMILY_WRITE_VECTOR:
      return rr_write_vector(frame);
    default:
      return RR_TRACED;
  }
}
