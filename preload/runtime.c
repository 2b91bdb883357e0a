#include "runtime.h"

#include <asm/unistd_64.h>
#include <linux/uio.h>

#include "generated/calls.h"
#include "hook.h"

static uint64_t padded(uint64_t length) { return (length + 7) & ~7ULL; }

bool rr_begin(struct rr_writer *writer, const struct rr_hook_frame *frame, uint64_t room) {
  const struct rr_locals *locals = RR_THE_LOCALS;
  const unsigned arguments = rr_calls[frame->rax].argumentCount;
  const uint64_t fixed = sizeof(struct rr_buffer_entry) + arguments * 8;
  if (room > RR_MAXIMUM_DATA || locals->used + fixed + room > RR_BUFFER_SIZE) return false;
  struct rr_buffer_entry *entry = (struct rr_buffer_entry *)(RR_BUFFER + locals->used);
  entry->number = (uint16_t)frame->rax;
  entry->argumentCount = (uint8_t)arguments;
  entry->outCount = 0;
  entry->returnAddress = frame->returnAddress;
  uint64_t *values = (uint64_t *)(entry + 1);
  for (unsigned i = 0; i < arguments; i++) values[i] = rr_argument(frame, i);
  writer->entry = entry;
  writer->end = (uint8_t *)(values + arguments);
  return true;
}

void rr_out(struct rr_writer *writer, uint64_t address, uint64_t length) {
  struct rr_buffer_out *out = (struct rr_buffer_out *)writer->end;
  out->address = address;
  out->length = length;
  uint8_t *bytes = (uint8_t *)(out + 1);
  rr_copy(bytes, (const void *)address, length);
  for (uint64_t i = length; i < padded(length); i++) bytes[i] = 0;
  writer->end = bytes + padded(length);
  writer->entry->outCount++;
}

#define PAGE 4096

void rr_out_before_fault(struct rr_writer *writer, uint64_t address, uint64_t length) {
  struct rr_buffer_out *out = (struct rr_buffer_out *)writer->end;
  uint8_t *bytes = (uint8_t *)(out + 1);
  const uint64_t self = (uint64_t)rr_untraced_call(__NR_getpid, 0, 0, 0, 0, 0, 0);
  uint64_t done = 0;
  while (done < length) {
    const uint64_t at = address + done;
    const uint64_t to_page_end = PAGE - (at & (PAGE - 1));
    const uint64_t piece = length - done < to_page_end ? length - done : to_page_end;
    const struct iovec here = {bytes + done, piece};
    const struct iovec there = {(void *)at, piece};
    // Reads it, and writes the same back, which tells whether it can be written.
    if (rr_untraced_call(__NR_process_vm_readv, self, (uint64_t)&here, 1, (uint64_t)&there, 1, 0) != (int64_t)piece ||
        rr_untraced_call(__NR_process_vm_writev, self, (uint64_t)&here, 1, (uint64_t)&there, 1, 0) != (int64_t)piece) {
      break;
    }
    done += piece;
  }
  if (done == 0) return;
  out->address = address;
  out->length = done;
  for (uint64_t i = done; i < padded(done); i++) bytes[i] = 0;
  writer->end = bytes + padded(done);
  writer->entry->outCount++;
}

enum rr_verdict rr_commit(struct rr_writer *writer, struct rr_hook_frame *frame, int64_t result) {
  struct rr_locals *locals = RR_THE_LOCALS;
  writer->entry->result = result;
  writer->entry->size = (uint32_t)(writer->end - (uint8_t *)writer->entry);
  frame->rax = (uint64_t)result;
  locals->calls++;
  // Last: what the tracer finds when it stops the task before this has not happened.
  __asm__ volatile("" : : : "memory");
  locals->used += writer->entry->size;
  return RR_DONE;
}

enum rr_verdict rr_made(int64_t result) {
  struct rr_locals *locals = RR_THE_LOCALS;
  locals->madeResult = result;
  locals->made = 1;
  return RR_TRACED;
}
