#include "runtime.h"

#include <asm/unistd_64.h>
#include <linux/futex.h>

#include "generated/calls.h"
#include "hook.h"
#include "sent.h"

static uint64_t padded(uint64_t length) { return (length + 7) & ~7ULL; }

// Clears the word that bytes of that length end in, unless they fill it.
static void clear_end(uint8_t *bytes, uint64_t length) {
  if (length % 8 != 0) *(uint64_t *)(bytes + length / 8 * 8) = 0;
}

// Adds a string that the call reads. Where it is not there the hook faults, and the call goes traced.
static void add_string(struct rr_writer *writer, uint64_t address) {
  if (address == 0 || rr_is_shared(address, 1)) return;
  struct rr_buffer_out *out = (struct rr_buffer_out *)writer->end;
  uint8_t *bytes = (uint8_t *)(out + 1);
  const volatile uint8_t *from = (const volatile uint8_t *)address;
  uint64_t length = 0;
  while (length < RR_LONGEST_STRING) {
    // Whole words do not cross into a page where nothing is.
    if ((address + length) % 8 == 0 && length + 8 <= RR_LONGEST_STRING) {
      const uint64_t word = *(const volatile uint64_t *)(address + length);
      if (((word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL) == 0) {
        __builtin_memcpy(bytes + length, &word, sizeof word);
        length += 8;
        continue;
      }
    }
    const uint8_t byte = from[length];
    if (byte == 0) break;
    bytes[length++] = byte;
  }
  out->address = address;
  out->length = length | RR_STRING;
  clear_end(bytes, length);
  for (uint64_t i = length & ~7ULL; i < length; i++) bytes[i] = from[i];
  writer->end = bytes + padded(length);
  writer->entry->outCount++;
}

bool rr_begin(struct rr_writer *writer, const struct rr_hook_frame *frame, uint64_t room) {
  return room <= RR_MAXIMUM_DATA && rr_begin_large(writer, frame, room);
}

bool rr_begin_large(struct rr_writer *writer, const struct rr_hook_frame *frame, uint64_t room) {
  const struct rr_locals *locals = RR_THE_LOCALS;
  if (locals->callsLeft == 0) return false;
  const struct rr_call_model *call = rr_model_of(frame->rax);
  const unsigned arguments = call->argumentCount;
  const unsigned values = arguments + (call->sent != RR_SENT_NONE);
  const uint64_t fixed = sizeof(struct rr_buffer_entry) + values * 8;
  const uint64_t strings = call->stringCount * (RR_LONGEST_STRING + RR_OUT_OVERHEAD);
  if (locals->used + fixed + strings + room > RR_BUFFER_SIZE) return false;
  struct rr_buffer_entry *entry = (struct rr_buffer_entry *)(RR_BUFFER + locals->used);
  entry->number = (uint16_t)frame->rax;
  entry->argumentCount = (uint8_t)(values == arguments ? arguments : arguments | RR_HAS_SENT);
  entry->outCount = 0;
  entry->returnAddress = frame->returnAddress;
  uint64_t *value = (uint64_t *)(entry + 1);
  for (unsigned i = 0; i < arguments; i++) value[i] = rr_argument(frame, i);
  if (values != arguments) value[arguments] = 0;
  writer->entry = entry;
  writer->end = (uint8_t *)(value + values);
  for (unsigned i = 0; call->strings >> i != 0; i++) {
    if (call->strings >> i & 1) add_string(writer, rr_argument(frame, i));
  }
  return true;
}

int64_t rr_call_sending(struct rr_writer *writer, const struct rr_hook_frame *frame) {
  if (!(writer->entry->argumentCount & RR_HAS_SENT)) return rr_call(frame);
  struct rr_sent sent;
  rr_sent_begin(&sent, frame);
  const int64_t result = rr_call(frame);
  rr_sent_end(&sent, frame, result);
  const unsigned arguments = writer->entry->argumentCount & (RR_HAS_SENT - 1);
  ((uint64_t *)(writer->entry + 1))[arguments] = sent.value;
  return result;
}

void rr_out(struct rr_writer *writer, uint64_t address, uint64_t length) {
  struct rr_buffer_out *out = (struct rr_buffer_out *)writer->end;
  out->address = address;
  out->length = length;
  uint8_t *bytes = (uint8_t *)(out + 1);
  clear_end(bytes, length);
  rr_copy(bytes, (const void *)address, length);
  writer->end = bytes + padded(length);
  writer->entry->outCount++;
}

#define PAGE 4096
// No way to change a signal mask (SIG_BLOCK to SIG_SETMASK are 0 to 2): the kernel reads the new mask, and refuses.
#define NO_WAY 99
#define SIGNAL_SET_SIZE 8

static uint64_t page_of(uint64_t address) { return address & ~(uint64_t)(PAGE - 1); }

// True when the kernel can read the page. A direct look would raise SIGSEGV or SIGBUS, whose disposition the kernel
// resets when the program blocks or ignores it.
static bool is_readable(uint64_t page) {
  return rr_untraced_call(__NR_rt_sigprocmask, NO_WAY, page, 0, SIGNAL_SET_SIZE, 0, 0) != -RR_EFAULT;
}

// The same for writing, of a page that can be read: lets the kernel add nothing to its first word. It also wakes who
// waits at the first address, which nobody does, and at the second if the word is what it is not.
static bool is_page_writable(uint64_t page) {
  const uint64_t other = *(volatile uint32_t *)page == 0 ? 1 : 0;
  const uint64_t operation = ((uint64_t)FUTEX_OP_ADD << 28) | ((uint64_t)FUTEX_OP_CMP_EQ << 24) | other;
  return rr_untraced_call(__NR_futex, RR_LOCALS, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, page, operation) !=
         -RR_EFAULT;
}

bool rr_is_writable(uint64_t address, uint64_t length) {
  if (address + length < address) return false;
  for (uint64_t page = page_of(address); page < address + length; page += PAGE) {
    if (!is_readable(page) || !is_page_writable(page)) return false;
  }
  return true;
}

bool rr_fetch(void *to, uint64_t from, uint64_t length) {
  if (length == 0) return true;
  if (from + length < from) return false;
  for (uint64_t page = page_of(from); page < from + length; page += PAGE) {
    if (!is_readable(page)) return false;
  }
  rr_copy(to, (const void *)from, length);
  return true;
}

void rr_out_before_fault(struct rr_writer *writer, uint64_t address, uint64_t length) {
  uint64_t end = address;
  while (end < address + length && is_readable(page_of(end)) && is_page_writable(page_of(end)))
    end = page_of(end) + PAGE;
  if (end > address + length) end = address + length;
  if (end > address) rr_out(writer, address, end - address);
}

enum rr_verdict rr_commit(struct rr_writer *writer, struct rr_hook_frame *frame, int64_t result) {
  struct rr_locals *locals = RR_THE_LOCALS;
  writer->entry->result = result;
  writer->entry->size = (uint32_t)(writer->end - (uint8_t *)writer->entry);
  frame->rax = (uint64_t)result;
  locals->callsLeft--;
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
