// Connections and messages. A message is received with MSG_DONTWAIT, after a look whether that would wait: so the call
// does not block, and ends as the program's own would.
#include <linux/fcntl.h>
#include <stddef.h>

#include "descriptor.h"
#include "families/vectors.h"
#include "hook.h"

// include/linux/socket.h of the kernel.
#define MSG_DONTWAIT 0x40
#define MSG_WAITALL 0x100
#define MSG_WAITFORONE 0x10000
// sizeof(struct sockaddr_storage): no address is longer.
#define MOST_NAME 128
#define MOST_MESSAGES 8

// struct user_msghdr and struct mmsghdr.
struct message {
  uint64_t name;
  uint32_t nameLength, padding;
  uint64_t vectors, vectorCount;
  uint64_t control, controlLength;
  uint32_t flags, padding2;
};
struct counted_message {
  struct message message;
  uint32_t length, padding;
};
_Static_assert(sizeof(struct message) == 56 && sizeof(struct counted_message) == 64, "as the kernel has them");

enum rr_verdict rr_accept(struct rr_hook_frame *frame) {
  return rr_may_read((int)frame->rdi) ? rr_once(frame) : RR_TRACED;
}

enum rr_verdict rr_connect(struct rr_hook_frame *frame) {
  return rr_never_blocks((int)frame->rdi) ? rr_plain(frame) : RR_TRACED;
}

static bool may_receive(int descriptor, uint64_t flags) {
  if (flags & MSG_DONTWAIT) return true;
  return !(flags & MSG_WAITALL) && rr_may_read(descriptor);
}

// Nothing was there after all, and the program would have waited.
static bool would_wait(int descriptor, uint64_t flags, int64_t result) {
  return result == -RR_EAGAIN && !(flags & MSG_DONTWAIT) && !rr_never_blocks(descriptor);
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

// More than this goes from the program's memory into the trace at once, not through the buffer.
#define MOST_RECEIVED (RR_MAXIMUM_DATA / 2)

enum rr_verdict rr_receive(struct rr_hook_frame *frame) {
  const int descriptor = (int)frame->rdi;
  const uint64_t name = frame->r8;
  const uint64_t nameLength = frame->r9;
  const bool named = name != 0 && nameLength != 0;
  uint32_t givenLength = 0;
  if (named && !rr_fetch(&givenLength, nameLength, sizeof givenLength)) return RR_TRACED;
  const uint64_t nameRoom = least(givenLength, MOST_NAME);
  const uint64_t room = least(frame->rdx, MOST_RECEIVED);
  if (frame->rdx > room && named) return RR_TRACED;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, room + nameRoom + sizeof(uint32_t) + 3 * RR_OUT_OVERHEAD)) return RR_TRACED;
  if (!may_receive(descriptor, frame->r10)) return RR_TRACED;
  const int64_t result =
      rr_untraced_call(frame->rax, frame->rdi, frame->rsi, frame->rdx, frame->r10 | MSG_DONTWAIT, frame->r8, frame->r9);
  if (would_wait(descriptor, frame->r10, result)) return RR_TRACED;
  if (frame->rdx > room && (result == -RR_EFAULT || result > (int64_t)room)) return rr_made(result);
  if (result == -RR_EFAULT) {
    rr_out_before_fault(&writer, frame->rsi, frame->rdx);
    rr_out_before_fault(&writer, name, nameRoom);
    if (named) rr_out_before_fault(&writer, nameLength, sizeof(uint32_t));
  }
  if (!rr_failed(result)) {
    // With MSG_TRUNC the result is the message's length, whatever fitted.
    const uint64_t length = least((uint64_t)result, frame->rdx);
    if (length != 0) rr_out(&writer, frame->rsi, length);
    if (named) {
      const uint64_t written = least(nameRoom, *(volatile uint32_t *)nameLength);
      if (written != 0) rr_out(&writer, name, written);
      rr_out(&writer, nameLength, sizeof(uint32_t));
    }
  }
  return rr_commit(&writer, frame, result);
}

// A message that is received into, as it was before: the kernel changes its lengths.
struct expected {
  uint64_t name, nameRoom;
  uint64_t control, controlRoom;
  const struct iovec *vectors;
  uint64_t vectorCount;
};

// Copies of the vectors of all messages of a call.
struct vector_copies {
  struct iovec vectors[RR_MOST_VECTORS];
  uint64_t used;
};

// Bytes that the message's parts take in the entry; more than any entry when it must go traced.
static uint64_t expect(const struct message *message, struct expected *expected, struct vector_copies *copies) {
  struct message copy;
  if (!rr_fetch(&copy, (uint64_t)message, sizeof copy)) return ~0ULL;
  if (copy.vectorCount > RR_MOST_VECTORS - copies->used || copy.controlLength > RR_MAXIMUM_DATA) return ~0ULL;
  struct iovec *vectors = copies->vectors + copies->used;
  const uint64_t bytes = rr_fetch_vectors(vectors, copy.vectors, copy.vectorCount);
  copies->used += copy.vectorCount;
  if (bytes > RR_MAXIMUM_DATA) return ~0ULL;
  expected->name = copy.name;
  expected->nameRoom = copy.name ? least(copy.nameLength, MOST_NAME) : 0;
  expected->control = copy.control;
  expected->controlRoom = copy.control ? copy.controlLength : 0;
  expected->vectors = vectors;
  expected->vectorCount = copy.vectorCount;
  return bytes + expected->nameRoom + expected->controlRoom + (copy.vectorCount + 3) * RR_OUT_OVERHEAD;
}

static void out_message(struct rr_writer *writer, const struct message *message, const struct expected *expected,
                        uint64_t bytes) {
  const uint64_t name = least(expected->nameRoom, message->nameLength);
  const uint64_t control = least(expected->controlRoom, message->controlLength);
  if (name != 0) rr_out(writer, expected->name, name);
  if (control != 0) rr_out(writer, expected->control, control);
  rr_out_vectors(writer, expected->vectors, expected->vectorCount, bytes);
}

static void out_before_fault(struct rr_writer *writer, const struct expected *expected) {
  rr_out_before_fault(writer, expected->name, expected->nameRoom);
  rr_out_before_fault(writer, expected->control, expected->controlRoom);
  for (uint64_t i = 0; i < expected->vectorCount; i++) {
    rr_out_before_fault(writer, (uint64_t)expected->vectors[i].iov_base, expected->vectors[i].iov_len);
  }
}

enum rr_verdict rr_receive_message(struct rr_hook_frame *frame) {
  const int descriptor = (int)frame->rdi;
  const struct message *message = (const struct message *)frame->rsi;
  struct expected expected;
  struct vector_copies copies;
  copies.used = 0;
  const uint64_t room = expect(message, &expected, &copies);
  if (room > RR_MAXIMUM_DATA) return RR_TRACED;
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, room + sizeof *message + RR_OUT_OVERHEAD)) return RR_TRACED;
  if (!may_receive(descriptor, frame->rdx)) return RR_TRACED;
  const int64_t result = rr_untraced_call(frame->rax, frame->rdi, frame->rsi, frame->rdx | MSG_DONTWAIT, 0, 0, 0);
  if (would_wait(descriptor, frame->rdx, result)) return RR_TRACED;
  if (result == -RR_EFAULT) {
    rr_out_before_fault(&writer, frame->rsi, sizeof *message);
    out_before_fault(&writer, &expected);
  }
  if (!rr_failed(result)) {
    rr_out(&writer, frame->rsi, sizeof *message);
    out_message(&writer, message, &expected, (uint64_t)result);
  }
  return rr_commit(&writer, frame, result);
}

// Several messages: without MSG_WAITFORONE it would wait for the last, unless nothing waits.
enum rr_verdict rr_receive_messages(struct rr_hook_frame *frame) {
  const int descriptor = (int)frame->rdi;
  const struct counted_message *messages = (const struct counted_message *)frame->rsi;
  const uint64_t count = (uint32_t)frame->rdx;
  if (count > MOST_MESSAGES || frame->r8 != 0) return RR_TRACED;
  struct expected expected[MOST_MESSAGES];
  struct vector_copies copies;
  copies.used = 0;
  uint64_t room = count * sizeof *messages + RR_OUT_OVERHEAD;
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t each = expect(&messages[i].message, &expected[i], &copies);
    if (each > RR_MAXIMUM_DATA) return RR_TRACED;
    room += each;
  }
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, room)) return RR_TRACED;
  const bool waits = !(frame->r10 & MSG_DONTWAIT) && !rr_never_blocks(descriptor);
  if (waits && (!(frame->r10 & MSG_WAITFORONE) || !may_receive(descriptor, frame->r10))) return RR_TRACED;
  const int64_t result =
      rr_untraced_call(frame->rax, frame->rdi, frame->rsi, frame->rdx, frame->r10 | MSG_DONTWAIT, 0, 0);
  if (result == -RR_EAGAIN && waits) return RR_TRACED;
  if (result == -RR_EFAULT) {
    rr_out_before_fault(&writer, frame->rsi, count * sizeof *messages);
    for (uint64_t i = 0; i < count; i++) out_before_fault(&writer, &expected[i]);
  }
  if (result > 0) {
    rr_out(&writer, frame->rsi, (uint64_t)result * sizeof *messages);
    for (int64_t i = 0; i < result; i++) out_message(&writer, &messages[i].message, &expected[i], messages[i].length);
  }
  return rr_commit(&writer, frame, result);
}

enum rr_verdict rr_send(struct rr_hook_frame *frame) {
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, 0)) return RR_TRACED;
  if (!rr_may_send((int)frame->rdi, frame->rdx, frame->r10 & MSG_DONTWAIT)) return RR_TRACED;
  return rr_commit(&writer, frame, rr_call_sending(&writer, frame));
}

// Bytes of the message; so many that it may block when that takes long to find out.
static uint64_t message_bytes(const struct message *message) {
  struct message copy;
  struct iovec vectors[RR_MOST_VECTORS];
  if (!rr_fetch(&copy, (uint64_t)message, sizeof copy)) return ~0ULL;
  return rr_fetch_vectors(vectors, copy.vectors, copy.vectorCount);
}

enum rr_verdict rr_send_message(struct rr_hook_frame *frame) {
  const uint64_t bytes = message_bytes((const struct message *)frame->rsi);
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, 0)) return RR_TRACED;
  if (!rr_may_send((int)frame->rdi, bytes, frame->rdx & MSG_DONTWAIT)) return RR_TRACED;
  return rr_commit(&writer, frame, rr_call_sending(&writer, frame));
}

enum rr_verdict rr_send_messages(struct rr_hook_frame *frame) {
  const struct counted_message *messages = (const struct counted_message *)frame->rsi;
  const uint64_t count = (uint32_t)frame->rdx;
  if (count > MOST_MESSAGES) return RR_TRACED;
  uint64_t bytes = 0;
  for (uint64_t i = 0; i < count; i++) {
    const uint64_t each = message_bytes(&messages[i].message);
    bytes = each > RR_MAXIMUM_DATA ? RR_MAXIMUM_DATA : bytes + each;
  }
  struct rr_writer writer;
  if (!rr_begin(&writer, frame, count * sizeof *messages + RR_OUT_OVERHEAD)) return RR_TRACED;
  if (!rr_may_send((int)frame->rdi, bytes, frame->r10 & MSG_DONTWAIT)) return RR_TRACED;
  const int64_t result = rr_call_sending(&writer, frame);
  if (result == -RR_EFAULT) rr_out_before_fault(&writer, frame->rsi, count * sizeof *messages);
  if (result > 0) rr_out(&writer, frame->rsi, (uint64_t)result * sizeof *messages);
  return rr_commit(&writer, frame, result);
}
