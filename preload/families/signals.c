// The mask of blocked signals. A tracer that runs the task to the end of the hook unblocks SIGTRAP meanwhile
// (native/record/stops/edge.cc), so it must know whether the call has happened: before that, it is made traced.
#include <asm/unistd_64.h>

#include "hook.h"

#define SET_SIZE 8
// Values for `how` (asm-generic/signal-defs.h), and a signal (asm/signal.h).
#define BLOCK 0
#define UNBLOCK 1
#define SIGSEGV 11
#define SIGSYS 31
#define SIGCHLD 17
#define SA_NOCLDSTOP 1

// The tracer must know whether SIGSYS and SIGSEGV are blocked, since the kernel forces them (native/record/dispatch.cc,
// forced-fault.cc).
static void note_mask(uint64_t before, uint32_t how, uint64_t set) {
  const uint64_t after = how == BLOCK ? before | set : how == UNBLOCK ? before & ~set : set;
  RR_THE_LOCALS->maskChange = RR_MASK_CHANGED | ((after >> (SIGSYS - 1)) & 1 ? RR_SYS_BLOCKED : 0) |
                              ((after >> (SIGSEGV - 1)) & 1 ? RR_FAULT_BLOCKED : 0);
}

// Whether SIGCHLD will not tell of stops, or has not, by an action: handler, flags, ... (struct kernel_sigaction).
static bool changes_child_stops(uint64_t action) {
  uint64_t flags;
  if (*(volatile uint64_t *)&RR_THE_LOCALS->flags & RR_STOPS_UNTOLD) return true;
  return !rr_fetch(&flags, action + sizeof(uint64_t), sizeof flags) || (flags & SA_NOCLDSTOP);
}

// The tracer must know of an action for SIGSYS or SIGSEGV, too, and whether SIGCHLD tells of stops (docs/ptrace.md).
enum rr_verdict rr_signal_action(struct rr_hook_frame *frame) {
  const int signal = (int)frame->rdi;
  const bool known = signal == SIGSYS || signal == SIGSEGV ||
                     (signal == SIGCHLD && frame->rsi != 0 && changes_child_stops(frame->rsi));
  return known ? RR_TRACED : rr_plain(frame);
}

static void set_mark(uint64_t mark) {
  RR_THE_LOCALS->maskBefore = mark;
  __asm__ volatile("" : : : "memory");
}

enum rr_verdict rr_signal_mask(struct rr_hook_frame *frame) {
  volatile uint64_t *old = (volatile uint64_t *)frame->rdx;
  struct rr_writer writer;
  if (frame->r10 != SET_SIZE || !rr_begin(&writer, frame, SET_SIZE + RR_OUT_OVERHEAD)) return RR_TRACED;
  // It must be there before anything happens.
  if (old && !rr_is_writable(frame->rdx, SET_SIZE)) return RR_TRACED;
  struct rr_locals *locals = RR_THE_LOCALS;
  set_mark(RR_MASK_UNCHANGED);
  if (*(volatile uint64_t *)&locals->flags & RR_ALL_TRACED) {
    set_mark(0);
    return RR_TRACED;
  }
  const int64_t result =
      rr_untraced_call(__NR_rt_sigprocmask, frame->rdi, frame->rsi, (uint64_t)&locals->maskBefore, SET_SIZE, 0, 0);
  if (rr_failed(result)) {
    set_mark(0);
    return RR_TRACED;
  }
  // The kernel has just read the new mask.
  if (frame->rsi != 0) note_mask(locals->maskBefore, (uint32_t)frame->rdi, *(volatile uint64_t *)frame->rsi);
  if (old) {
    *old = locals->maskBefore;
    rr_out(&writer, frame->rdx, SET_SIZE);
  }
  return rr_commit(&writer, frame, result);
}
