// rdtsc and rdtscp. The instruction itself traps in the program (PR_SET_TSC), here too; so what it gives is reckoned
// from the kernel's raw monotonic clock, by a scale that the tracer goes by as well for those that trap: all that the
// program reads comes from one clock, and never goes back.
#include <asm/unistd_64.h>
#include <linux/time.h>

#include "hook.h"

#define NANOSECONDS 1000000000ULL
// The segment whose limit is processor and node, as IA32_TSC_AUX has them: __CPUNODE_SEG of the kernel's
// arch/x86/include/asm/segment.h, from which the vdso's getcpu reads them.
#define PROCESSOR_SEGMENT 0x7b

static bool read_processor(uint64_t *processor) {
  uint32_t limit;
  bool valid;
  __asm__("lsl %2, %0" : "=r"(limit), "=@ccz"(valid) : "r"(PROCESSOR_SEGMENT));
  *processor = limit;
  return valid;
}

static bool read_counter(const struct rr_time_scale *scale, uint64_t *stamp) {
  int64_t now[2];  // struct timespec
  if (rr_untraced_call(__NR_clock_gettime, CLOCK_MONOTONIC_RAW, (uint64_t)now, 0, 0, 0, 0) != 0) return false;
  const uint64_t passed = (uint64_t)now[0] * NANOSECONDS + (uint64_t)now[1] - scale->clock;
  *stamp = scale->stamp + (uint64_t)(((unsigned __int128)passed * scale->multiplier) >> 32);
  return true;
}

static void set_result(struct rr_hook_frame *frame, const struct rr_buffer_entry *entry) {
  frame->rax = (uint32_t)entry->result;
  frame->rdx = (uint64_t)entry->result >> 32;
  if (entry->argumentCount > 0) RR_THE_LOCALS->savedRcx = *(const uint64_t *)(entry + 1);
}

enum rr_verdict rr_record_time(struct rr_hook_frame *frame) {
  struct rr_locals *locals = RR_THE_LOCALS;
  if ((locals->flags & (RR_ALL_TRACED | RR_TIME_TRACED)) || locals->timeScale.multiplier == 0) return RR_TRACED;
  if (locals->callsLeft == 0) return RR_TRACED;
  const bool aux = locals->timeLength == RR_RDTSCP_LENGTH;
  const uint64_t size = sizeof(struct rr_buffer_entry) + (aux ? 8 : 0);
  if (locals->used + size > RR_BUFFER_SIZE) return RR_TRACED;
  struct rr_buffer_entry *entry = (struct rr_buffer_entry *)(RR_BUFFER + locals->used);
  uint64_t stamp;
  if (!read_counter(&locals->timeScale, &stamp)) return RR_TRACED;
  if (aux && !read_processor((uint64_t *)(entry + 1))) return RR_TRACED;
  entry->size = (uint32_t)size;
  entry->number = aux ? RR_ENTRY_RDTSCP : RR_ENTRY_RDTSC;
  entry->argumentCount = aux;
  entry->outCount = 0;
  entry->returnAddress = frame->returnAddress;
  entry->result = (int64_t)stamp;
  set_result(frame, entry);
  locals->callsLeft--;
  // Last: what the tracer finds when it stops the task before this has not happened.
  __asm__ volatile("" : : : "memory");
  locals->used += size;
  return RR_DONE;
}

enum rr_verdict rr_replay_time(struct rr_hook_frame *frame) {
  struct rr_locals *locals = RR_THE_LOCALS;
  if (locals->next >= locals->used) return RR_TRACED;
  const struct rr_buffer_entry *entry = (const struct rr_buffer_entry *)(RR_BUFFER + locals->next);
  const uint16_t number = locals->timeLength == RR_RDTSCP_LENGTH ? RR_ENTRY_RDTSCP : RR_ENTRY_RDTSC;
  if (entry->number != number || (entry->returnAddress & ~RR_STOP_BEHIND) != frame->returnAddress) return RR_TRACED;
  set_result(frame, entry);
  locals->next += entry->size;
  return entry->returnAddress & RR_STOP_BEHIND ? RR_STOP : RR_DONE;
}
