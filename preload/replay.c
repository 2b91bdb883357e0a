#include "generated/calls.h"
#include "hook.h"
#include "sent.h"

// Where the strings and what the call wrote begin.
static const uint8_t *outs_of(const struct rr_buffer_entry *entry) {
  const unsigned arguments = entry->argumentCount & (RR_HAS_SENT - 1);
  return (const uint8_t *)(entry + 1) + (arguments + (entry->argumentCount & RR_HAS_SENT ? 1 : 0)) * 8;
}

// The next of them.
static const uint8_t *behind(const struct rr_buffer_out *out) {
  return (const uint8_t *)(out + 1) + (((out->length & ~RR_STRING) + 7) & ~7ULL);
}

// True when the entry is of the call that the frame makes.
static bool is_same(const struct rr_buffer_entry *entry, const struct rr_hook_frame *frame) {
  if (entry->number != frame->rax) return false;
  if ((entry->returnAddress & ~RR_STOP_BEHIND) != frame->returnAddress) return false;
  const uint64_t *arguments = (const uint64_t *)(entry + 1);
  for (unsigned i = 0; i < (entry->argumentCount & (RR_HAS_SENT - 1)); i++) {
    if (arguments[i] != rr_argument(frame, i)) return false;
  }
  return true;
}

// Tells the tracer in what the call is another, since no register shows it.
static bool differs(uint64_t how, uint64_t found) {
  RR_THE_LOCALS->made = how;
  RR_THE_LOCALS->madeResult = (int64_t)found;
  return false;
}

// False when the call reads other strings than the recorded one did.
static bool reads_same(const struct rr_buffer_entry *entry) {
  const uint8_t *at = outs_of(entry);
  for (unsigned i = 0; i < entry->outCount; i++) {
    const struct rr_buffer_out *out = (const struct rr_buffer_out *)at;
    // They stand before what was written.
    if (!(out->length & RR_STRING)) return true;
    const uint64_t length = out->length & ~RR_STRING;
    const volatile uint8_t *string = (const volatile uint8_t *)out->address;
    const uint8_t *recorded = (const uint8_t *)(out + 1);
    for (uint64_t j = 0; j < length; j++) {
      if (string[j] != recorded[j]) return differs(RR_STRING_DIFFERS, out->address);
    }
    if (length < RR_LONGEST_STRING && string[length] != 0) return differs(RR_STRING_DIFFERS, out->address);
    at = behind(out);
  }
  return true;
}

// The same for what it sends.
static bool sends_same(const struct rr_buffer_entry *entry, const struct rr_hook_frame *frame) {
  if (!(entry->argumentCount & RR_HAS_SENT)) return true;
  const uint64_t recorded = ((const uint64_t *)(entry + 1))[entry->argumentCount & (RR_HAS_SENT - 1)];
  if (recorded == 0) return true;
  struct rr_sent sent;
  rr_sent_begin(&sent, frame);
  rr_sent_end(&sent, frame, entry->result);
  return sent.value == recorded || differs(RR_SENT_DIFFERS, sent.value);
}

// No entry left, or the next is of another call: the system call instruction stops the task, and the tracer looks which
// of the two it is.
enum rr_verdict rr_replay(struct rr_hook_frame *frame) {
  struct rr_locals *locals = RR_THE_LOCALS;
  if (locals->next >= locals->used) return RR_TRACED;
  const struct rr_buffer_entry *entry = (const struct rr_buffer_entry *)(RR_BUFFER + locals->next);
  if (!is_same(entry, frame) || !reads_same(entry) || !sends_same(entry, frame)) return RR_TRACED;
  const uint8_t *at = outs_of(entry);
  for (unsigned i = 0; i < entry->outCount; i++) {
    const struct rr_buffer_out *out = (const struct rr_buffer_out *)at;
    if (!(out->length & RR_STRING)) rr_copy((void *)out->address, out + 1, out->length);
    at = behind(out);
  }
  frame->rax = (uint64_t)entry->result;
  locals->next += entry->size;
  return entry->returnAddress & RR_STOP_BEHIND ? RR_STOP : RR_DONE;
}
