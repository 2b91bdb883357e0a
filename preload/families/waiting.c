// poll, select, epoll_wait and their kind: one look without waiting. Unless something is ready, or the program itself
// did not want to wait, the call is made again, traced; so the look must leave no trace in the program's memory.
#include <asm/unistd_64.h>
#include <linux/poll.h>
#include <linux/time.h>

#include "hook.h"

#define MOST_POLLED 512
// Descriptors in a set of select; and bytes of the words of 64 bits that hold so many.
#define MOST_SELECTED 4096
#define SETS 3
#define EPOLL_EVENT_SIZE 12
// A call that asks for more events is made traced: fewer than are ready would show. Three quarters of the buffer.
#define MOST_EVENTS 16384

enum limit {
  LIMIT_NONE,  // waits, for a time or for ever
  LIMIT_ZERO,  // does not wait
  LIMIT_BAD,   // the kernel is to say so
};

static enum limit limit_of(uint64_t address, int64_t fractions) {
  if (address == 0) return LIMIT_NONE;
  struct timespec time;
  if (!rr_fetch(&time, address, sizeof time)) return LIMIT_BAD;
  const int64_t seconds = time.tv_sec;
  const int64_t fraction = time.tv_nsec;
  if (seconds < 0 || fraction < 0 || fraction >= fractions) return LIMIT_BAD;
  return seconds == 0 && fraction == 0 ? LIMIT_ZERO : LIMIT_NONE;
}

static enum limit nanoseconds(uint64_t time) { return limit_of(time, 1000000000); }
// struct timeval has the same form.
static enum limit microseconds(uint64_t time) { return limit_of(time, 1000000); }

static enum rr_verdict poll_now(struct rr_hook_frame *frame, bool waits) {
  struct pollfd *program = (struct pollfd *)frame->rdi;
  const uint64_t count = (uint32_t)frame->rsi;
  if (count > MOST_POLLED || !rr_is_writable(frame->rdi, count * sizeof *program)) return RR_TRACED;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, count * sizeof *program + RR_OUT_OVERHEAD)) return RR_TRACED;
  struct pollfd copies[MOST_POLLED];
  rr_copy(copies, program, count * sizeof *copies);
  const int64_t result = rr_untraced_call(__NR_poll, (uint64_t)copies, count, 0, 0, 0, 0);
  if (rr_failed(result) || (result == 0 && waits)) return RR_TRACED;
  for (uint64_t i = 0; i < count; i++) *(volatile short *)&program[i].revents = copies[i].revents;
  if (count != 0) rr_out(&writer, frame->rdi, count * sizeof *program);
  return rr_commit(&writer, frame, result);
}

enum rr_verdict rr_poll(struct rr_hook_frame *frame) { return poll_now(frame, (int)frame->rdx != 0); }

enum rr_verdict rr_timed_poll(struct rr_hook_frame *frame) {
  if (frame->r10 != 0) return RR_TRACED;  // a signal mask
  const enum limit limit = nanoseconds(frame->rdx);
  return limit == LIMIT_BAD ? RR_TRACED : poll_now(frame, limit != LIMIT_ZERO);
}

// What is left of the time, which the kernel stores, is all of it.
static enum rr_verdict select_now(struct rr_hook_frame *frame, bool waits) {
  const int count = (int)frame->rdi;
  if (count < 0 || count > MOST_SELECTED) return RR_TRACED;
  const uint64_t bytes = ((uint64_t)count + 63) / 64 * 8;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, SETS * (bytes + RR_OUT_OVERHEAD))) return RR_TRACED;
  const uint64_t sets[SETS] = {frame->rsi, frame->rdx, frame->r10};
  uint64_t copies[SETS][MOST_SELECTED / 64];
  for (unsigned i = 0; i < SETS; i++) {
    if (!sets[i]) continue;
    if (!rr_is_writable(sets[i], bytes)) return RR_TRACED;
    rr_copy(copies[i], (const void *)sets[i], bytes);
  }
  struct timespec none = {0, 0};
  const int64_t result =
      rr_untraced_call(__NR_select, (uint64_t)count, sets[0] ? (uint64_t)copies[0] : 0,
                       sets[1] ? (uint64_t)copies[1] : 0, sets[2] ? (uint64_t)copies[2] : 0, (uint64_t)&none, 0);
  if (rr_failed(result) || (result == 0 && waits)) return RR_TRACED;
  for (unsigned i = 0; i < SETS; i++) {
    if (!sets[i] || bytes == 0) continue;
    rr_copy((void *)sets[i], copies[i], bytes);
    rr_out(&writer, sets[i], bytes);
  }
  return rr_commit(&writer, frame, result);
}

enum rr_verdict rr_select(struct rr_hook_frame *frame) {
  const enum limit limit = microseconds(frame->r8);
  return limit == LIMIT_BAD ? RR_TRACED : select_now(frame, limit != LIMIT_ZERO);
}

// The last argument points to a pointer to the mask, and its size.
enum rr_verdict rr_timed_select(struct rr_hook_frame *frame) {
  uint64_t mask = 0;
  if (frame->r9 != 0 && (!rr_fetch(&mask, frame->r9, sizeof mask) || mask != 0)) return RR_TRACED;
  const enum limit limit = nanoseconds(frame->r8);
  return limit == LIMIT_BAD ? RR_TRACED : select_now(frame, limit != LIMIT_ZERO);
}

static enum rr_verdict epoll_now(struct rr_hook_frame *frame, bool waits) {
  const int wanted = (int)frame->rdx;
  if (wanted <= 0 || wanted > MOST_EVENTS) return RR_TRACED;
  const uint64_t most = (uint64_t)wanted;
  struct rr_writer writer;
  if (!rr_begin_large(&writer, frame, most * EPOLL_EVENT_SIZE + RR_OUT_OVERHEAD)) return RR_TRACED;
  const int64_t result = rr_untraced_call(__NR_epoll_wait, frame->rdi, frame->rsi, most, 0, 0, 0);
  if (rr_failed(result) || (result == 0 && waits)) return RR_TRACED;
  if (result > 0) rr_out(&writer, frame->rsi, (uint64_t)result * EPOLL_EVENT_SIZE);
  return rr_commit(&writer, frame, result);
}

enum rr_verdict rr_epoll(struct rr_hook_frame *frame) { return epoll_now(frame, (int)frame->r10 != 0); }

enum rr_verdict rr_masked_epoll(struct rr_hook_frame *frame) {
  return frame->r8 != 0 ? RR_TRACED : epoll_now(frame, (int)frame->r10 != 0);
}

enum rr_verdict rr_timed_epoll(struct rr_hook_frame *frame) {
  if (frame->r8 != 0) return RR_TRACED;
  const enum limit limit = nanoseconds(frame->r10);
  return limit == LIMIT_BAD ? RR_TRACED : epoll_now(frame, limit != LIMIT_ZERO);
}
