// Inside the runtime: the hook's view of a call, and what the families of calls share. Freestanding: no C library, no
// data of its own, general registers only.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "layout.h"

// The program's registers at a call, as hook.S pushes them.
struct rr_hook_frame {
  uint64_t r9, r8, r10, rdx, rsi, rdi;
  uint64_t kept[6];  // r15, r14, r13, r12, rbp, rbx
  uint64_t rax;      // number, then result
  uint64_t returnAddress;
  uint64_t flags;
};

_Static_assert(sizeof(struct rr_hook_frame) == RR_HOOK_FRAME_SIZE, "hook.S pushes what rr_hook_frame has");
_Static_assert(offsetof(struct rr_locals, savedStack) == RR_LOCALS_SAVED_STACK, "hook.S saves the stack there");
_Static_assert(offsetof(struct rr_locals, returnAddress) == RR_LOCALS_RETURN, "hook.S saves the return address there");
_Static_assert(offsetof(struct rr_locals, timeEntry) == RR_LOCALS_TIME_ENTRY, "stubs jump there");
_Static_assert(offsetof(struct rr_locals, timeAuxEntry) == RR_LOCALS_TIME_AUX_ENTRY, "stubs jump there");
_Static_assert(offsetof(struct rr_locals, timeLength) == RR_LOCALS_TIME_LENGTH, "hook.S saves the length there");
_Static_assert(offsetof(struct rr_locals, savedRcx) == RR_LOCALS_SAVED_RCX, "stubs save rcx there");
_Static_assert(offsetof(struct rr_locals, savedR11) == RR_LOCALS_SAVED_R11, "hook.S saves r11 there");

// How the hook ends.
enum rr_verdict {
  RR_DONE = 0,    // buffered: rax of the frame has the result
  RR_TRACED = 1,  // the call must be made traced, with the registers as they were
  RR_STOP = 2,    // replay: buffered, and the tracer gets the task
};

#define RR_THE_LOCALS ((struct rr_locals *)RR_LOCALS)

// Where out-parameters come to lie in one entry; more than this and the call goes traced.
#define RR_MAXIMUM_DATA 0x10000
// Room that one out-parameter takes besides its bytes, at most.
#define RR_OUT_OVERHEAD (sizeof(struct rr_buffer_out) + 8)

// Kernel results (include/uapi/asm-generic/errno*.h).
#define RR_EAGAIN 11
#define RR_EFAULT 14
#define RR_ENOSYS 38
static inline bool rr_failed(int64_t result) { return (uint64_t)result >= (uint64_t)-4095; }

// A system call that the tracer does not see.
static inline int64_t rr_untraced_call(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                       uint64_t f) {
  register uint64_t r10 __asm__("r10") = d;
  register uint64_t r8 __asm__("r8") = e;
  register uint64_t r9 __asm__("r9") = f;
  int64_t result;
  __asm__ volatile("call rr_untraced"
                   : "=a"(result)
                   : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory", "cc");
  return result;
}

// The program's call, as it stands in the frame.
static inline int64_t rr_call(const struct rr_hook_frame *frame) {
  return rr_untraced_call(frame->rax, frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9);
}

static inline void rr_copy(void *to, const void *from, size_t length) {
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
}

static inline uint64_t rr_argument(const struct rr_hook_frame *frame, unsigned index) {
  switch (index) {
    case 0:
      return frame->rdi;
    case 1:
      return frame->rsi;
    case 2:
      return frame->rdx;
    case 3:
      return frame->r10;
    case 4:
      return frame->r8;
    default:
      return frame->r9;
  }
}

// An entry that is being written. Nothing counts until rr_commit.
struct rr_writer {
  struct rr_buffer_entry *entry;
  uint8_t *end;
};

// Begins the entry of the frame's call, with its arguments. False when `room` bytes for out-parameters (with
// RR_OUT_OVERHEAD for each) are not left: the call goes traced, which empties the buffer. The strings that the call
// reads are part of it.
bool rr_begin(struct rr_writer *writer, const struct rr_hook_frame *frame, uint64_t room);
// The same for a call that seldom uses most of the room: it may be more than RR_MAXIMUM_DATA.
bool rr_begin_large(struct rr_writer *writer, const struct rr_hook_frame *frame, uint64_t room);
// Makes the call, of which rr_begin has begun the entry, and hashes what it sends.
int64_t rr_call_sending(struct rr_writer *writer, const struct rr_hook_frame *frame);
// Adds an out-parameter, from the program's memory.
void rr_out(struct rr_writer *writer, uint64_t address, uint64_t length);
// The same after a call that ended in EFAULT: as much as is there and may be written, up to the first page that is not.
// For calls that must not be made twice.
void rr_out_before_fault(struct rr_writer *writer, uint64_t address, uint64_t length);
// The call has happened, with that result, but what it read has no room: the tracer takes it from the program's memory.
enum rr_verdict rr_made(int64_t result);
// Copies memory of the program, whose pointer may be bad: false then, and the call must go traced. The program's memory
// must not be read in any other way before the kernel has.
bool rr_fetch(void *to, uint64_t from, uint64_t length);
// True when the hook may read and write there. Else the call must go traced.
bool rr_is_writable(uint64_t address, uint64_t length);
// The call has happened, with that result.
enum rr_verdict rr_commit(struct rr_writer *writer, struct rr_hook_frame *frame, int64_t result);
