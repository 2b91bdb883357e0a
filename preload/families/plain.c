// Calls that write what the table says.
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <linux/in.h>

#include "descriptor.h"
#include "generated/calls.h"
#include "hook.h"

// SOL_PACKET and SOL_XDP (include/linux/socket.h).
enum { RR_SOL_PACKET = 263, RR_SOL_XDP = 283 };

// The out-parameters of the call under way.
struct outs {
  const struct rr_out_model *models;
  unsigned count;
  uint64_t lengths[RR_MOST_OUTS];  // at most; 0: nothing is written
};

static uint64_t out_count(const struct rr_hook_frame *frame, const struct rr_out_model *out) {
  const uint64_t value = rr_argument(frame, out->countArgument);
  if (out->rule == RR_LENGTH_UPDATED) return value == 0 ? 0 : *(volatile uint32_t *)value;
  return out->countWidth == 4 ? (uint32_t)value : value;
}

static bool is_written(const struct rr_hook_frame *frame, const struct rr_out_model *out) {
  if (rr_argument(frame, out->argument) == 0) return false;
  return !out->conditional || ((uint32_t)rr_argument(frame, out->condition) & out->mask) == out->value;
}

// Bytes that the out-parameter takes now: before the call the most, after it what was written. More than any entry has
// when they cannot be told.
static uint64_t length_of(const struct rr_hook_frame *frame, const struct rr_out_model *out, uint64_t count) {
  if (count > RR_MAXIMUM_DATA) return count;
  const uint64_t length = out->base + count * out->element;
  return out->most != 0 && length > out->most ? out->most : length;
}

// False when the call is not for the buffer: an unlisted command.
static bool find_outs(const struct rr_hook_frame *frame, struct outs *outs) {
  const struct rr_call_model *call = rr_model_of(frame->rax);
  outs->models = rr_outs + call->firstOut;
  outs->count = call->outCount;
  if (call->commandCount == 0) return true;
  const uint32_t value = (uint32_t)rr_argument(frame, call->commandArgument);
  for (unsigned i = 0; i < call->commandCount; i++) {
    const struct rr_command_model *command = &rr_commands[call->firstCommand + i];
    if (command->value != value) continue;
    outs->models = rr_outs + command->firstOut;
    outs->count = command->outCount;
    return true;
  }
  return false;
}

static bool prepare(struct rr_writer *writer, const struct rr_hook_frame *frame, struct outs *outs) {
  if (!find_outs(frame, outs)) return false;
  uint64_t room = 0;
  for (unsigned i = 0; i < outs->count; i++) {
    const struct rr_out_model *out = &outs->models[i];
    const bool fixed = out->rule == RR_LENGTH_FIXED;
    outs->lengths[i] = is_written(frame, out) ? length_of(frame, out, fixed ? 0 : out_count(frame, out)) : 0;
    if (outs->lengths[i] > RR_MAXIMUM_DATA) return false;
    room += outs->lengths[i] + RR_OUT_OVERHEAD;
  }
  return rr_begin(writer, frame, room);
}

static void record_outs(struct rr_writer *writer, const struct rr_hook_frame *frame, const struct outs *outs,
                        int64_t result) {
  for (unsigned i = 0; i < outs->count; i++) {
    const struct rr_out_model *out = &outs->models[i];
    const uint64_t address = rr_argument(frame, out->argument);
    uint64_t length = outs->lengths[i];
    if (length == 0) continue;
    if (rr_failed(result)) {
      if (out->always || result == -RR_EFAULT) rr_out_before_fault(writer, address, length);
      continue;
    }
    uint64_t written = length;
    if (out->rule == RR_LENGTH_RESULT) written = length_of(frame, out, (uint64_t)result);
    if (out->rule == RR_LENGTH_UPDATED) written = length_of(frame, out, out_count(frame, out));
    // An option may need more room than there is, and tell only that (NETLINK_LIST_MEMBERSHIPS): less may be written
    // than there is room for, and the room need not be there.
    if (out->rule == RR_LENGTH_UPDATED && written > length) {
      rr_out_before_fault(writer, address, length);
      continue;
    }
    if (written < length) length = written;
    if (length != 0) rr_out(writer, address, length);
  }
}

enum rr_verdict rr_plain(struct rr_hook_frame *frame) {
  struct outs outs;
  struct rr_writer writer;
  if (!prepare(&writer, frame, &outs)) return RR_TRACED;
  const int64_t result = rr_call_sending(&writer, frame);
  // A part may have been written: the tracer finds out what. None of these calls minds being made twice.
  if (result == -RR_EFAULT) return RR_TRACED;
  record_outs(&writer, frame, &outs, result);
  return rr_commit(&writer, frame, result);
}

enum rr_verdict rr_open(struct rr_hook_frame *frame) {
  if ((frame->rsi & O_TRUNC) && !rr_may_truncate(AT_FDCWD, frame->rdi)) return RR_TRACED;
  return rr_plain(frame);
}

enum rr_verdict rr_create(struct rr_hook_frame *frame) {
  return rr_may_truncate(AT_FDCWD, frame->rdi) ? rr_plain(frame) : RR_TRACED;
}

enum rr_verdict rr_open_at(struct rr_hook_frame *frame) {
  if ((frame->rdx & O_TRUNC) && !rr_may_truncate((int)frame->rdi, frame->rsi)) return RR_TRACED;
  return rr_plain(frame);
}

enum rr_verdict rr_control(struct rr_hook_frame *frame) {
  if ((uint32_t)frame->rsi == FICLONE && !rr_may_change((int)frame->rdi)) return RR_TRACED;
  return rr_plain(frame);
}

enum rr_verdict rr_once(struct rr_hook_frame *frame) {
  struct outs outs;
  struct rr_writer writer;
  if (!prepare(&writer, frame, &outs)) return RR_TRACED;
  const int64_t result = rr_call_sending(&writer, frame);
  record_outs(&writer, frame, &outs, result);
  return rr_commit(&writer, frame, result);
}

// Whether the kernel writes through pointers in the option's structure (engine/syscalls/commands/socket-options.ts):
// the tracer finds out where.
static bool points_inside(const struct rr_hook_frame *frame) {
  const int level = (int)frame->rsi;
  switch ((int)frame->rdx) {
    case 35:
      return level == IPPROTO_TCP;
    case 64:
      return level == IPPROTO_IP || level == IPPROTO_IPV6;
    case 96:
    case 128:
    case 129:
    case 131:
      return level == IPPROTO_IP;
    default:
      return false;
  }
}

// What the recorder refuses (native/record/calls/refused-calls.cc).
static bool shares_packets(const struct rr_hook_frame *frame) {
  const int level = (int)frame->rsi;
  const int option = (int)frame->rdx;
  return level == RR_SOL_PACKET ? option == PACKET_RX_RING || option == PACKET_TX_RING
                                : level == RR_SOL_XDP && option == XDP_UMEM_REG;
}

enum rr_verdict rr_set_option(struct rr_hook_frame *frame) {
  return points_inside(frame) || shares_packets(frame) ? RR_TRACED : rr_plain(frame);
}

enum rr_verdict rr_get_option(struct rr_hook_frame *frame) { return points_inside(frame) ? RR_TRACED : rr_once(frame); }

#define LOCK_NB 4
enum rr_verdict rr_lock(struct rr_hook_frame *frame) { return frame->rsi & LOCK_NB ? rr_plain(frame) : RR_TRACED; }

#define WNOHANG 1
enum rr_verdict rr_wait(struct rr_hook_frame *frame) { return frame->rdx & WNOHANG ? rr_once(frame) : RR_TRACED; }
enum rr_verdict rr_wait_id(struct rr_hook_frame *frame) { return frame->r10 & WNOHANG ? rr_once(frame) : RR_TRACED; }

enum rr_verdict rr_refused(struct rr_hook_frame *frame) {
  struct rr_writer writer;
  return rr_begin(&writer, frame, 0) ? rr_commit(&writer, frame, -RR_ENOSYS) : RR_TRACED;
}
