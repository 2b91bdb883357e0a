// Calls that change mappings, or where a segment begins. They are made here, which saves the tracer one of two stops:
// what they have done is for it to record, or to undo where the recorder's patches are concerned, before the program
// goes on.
#include <asm/prctl.h>
#include <linux/mman.h>
#include <sys/syscall.h>

#include "hook.h"

#define PAGE 4096
// MAP_DROPPABLE (linux/mman.h, since Linux 6.11), which the recorder refuses.
#define DROPPABLE 8

static bool overlaps(uint64_t start, uint64_t end, uint64_t from, uint64_t to) { return start < to && from < end; }

// Whether a range that a call names holds no memory of the recorder's, which the tracer would keep.
static bool is_apart(uint64_t address, uint64_t length) {
  const struct rr_locals *locals = RR_THE_LOCALS;
  const uint64_t start = address & ~(uint64_t)(PAGE - 1);
  const uint64_t end = (address + length + PAGE - 1) & ~(uint64_t)(PAGE - 1);
  if (end < start || length > end - start || (locals->flags & RR_MEMORY_TRACED)) return false;
  if (overlaps(start, end, RR_UNTRACED, RR_RUNTIME_END)) return false;
  for (uint64_t i = 0; i < locals->ownRangeCount; i++) {
    if (overlaps(start, end, locals->ownRanges[i].start, locals->ownRanges[i].end)) return false;
  }
  return true;
}

static bool may_be_made(const struct rr_hook_frame *frame) {
  switch (frame->rax) {
    case SYS_mmap:
      if ((frame->r10 & MAP_TYPE) == DROPPABLE) return false;
      return !(frame->r10 & MAP_FIXED) || is_apart(frame->rdi, frame->rsi);
    case SYS_munmap:
    case SYS_mprotect:
      return is_apart(frame->rdi, frame->rsi);
    case SYS_arch_prctl:
      return (uint32_t)frame->rdi == ARCH_SET_FS;
    default:
      return true;
  }
}

enum rr_verdict rr_memory(struct rr_hook_frame *frame) {
  if (!may_be_made(frame)) return RR_TRACED;
  const int64_t result = rr_call(frame);
  // To make a call again that has failed does no more than it has done; what that is the tracer finds out.
  return rr_failed(result) ? RR_TRACED : rr_made(result);
}
