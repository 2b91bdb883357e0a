#include "sent.h"

#include <linux/uio.h>

#include "generated/calls.h"
#include "sent-hash.h"

// struct msghdr, and struct mmsghdr, of the kernel (linux/socket.h).
struct message {
  uint64_t name, nameLength;
  uint64_t vectors, vectorCount;
  uint64_t control, controlLength, flags;
};
struct counted_message {
  struct message message;
  uint64_t length;
};

_Static_assert(sizeof(struct message) == 56 && sizeof(struct counted_message) == 64, "struct msghdr of the kernel");

// The kernel refuses more vectors (UIO_MAXIOV), and looks at no more messages.
#define MOST_VECTORS 1024
#define MOST_MESSAGES 1024

bool rr_is_shared(uint64_t address, uint64_t length) {
  const struct rr_locals *locals = RR_THE_LOCALS;
  if (locals->flags & RR_SENT_UNKNOWN) return true;
  if (address < RR_RUNTIME_END && address + length > RR_UNTRACED) return true;
  for (uint64_t i = 0; i < locals->sharedRangeCount; i++) {
    if (address < locals->sharedRanges[i].end && locals->sharedRanges[i].start < address + length) return true;
  }
  return false;
}

// False when nothing is to be hashed any more.
static bool add_bytes(struct rr_sent *sent, uint64_t address, uint64_t length) {
  if (length > sent->left) length = sent->left;
  if (length == 0) return true;
  if (rr_is_shared(address, length)) {
    sent->value = 0;
    return false;
  }
  sent->hash = rr_sent_hash(sent->hash, (const uint8_t *)address, length);
  sent->left -= length;
  return true;
}

static bool add_vectors(struct rr_sent *sent, uint64_t address, uint64_t count) {
  if (count > MOST_VECTORS) count = MOST_VECTORS;
  const struct iovec *vectors = (const struct iovec *)address;
  for (uint64_t i = 0; i < count && sent->left != 0; i++) {
    const volatile struct iovec *vector = &vectors[i];
    if (!add_bytes(sent, (uint64_t)vector->iov_base, vector->iov_len)) return false;
  }
  return true;
}

static bool add_message(struct rr_sent *sent, const volatile struct message *message) {
  return add_vectors(sent, message->vectors, message->vectorCount);
}

static bool add_all(struct rr_sent *sent, const struct rr_hook_frame *frame) {
  const struct rr_call_model *call = rr_model_of(frame->rax);
  const uint64_t address = rr_argument(frame, call->sentArgument);
  uint64_t count = rr_argument(frame, call->sentCount);
  if (!call->sentCountWide) count = (uint32_t)count;
  if (address == 0) return true;
  switch (call->sent) {
    case RR_SENT_ARGUMENT:
      return add_bytes(sent, address, count);
    case RR_SENT_IOVEC:
      return add_vectors(sent, address, count);
    case RR_SENT_MESSAGE:
      return add_message(sent, (const volatile struct message *)address);
    default: {
      const struct counted_message *messages = (const struct counted_message *)address;
      if (count > MOST_MESSAGES) count = MOST_MESSAGES;
      for (uint64_t i = 0; i < count && sent->left != 0; i++) {
        if (!add_message(sent, &messages[i].message)) return false;
      }
      return true;
    }
  }
}

void rr_sent_begin(struct rr_sent *sent, const struct rr_hook_frame *frame) {
  sent->hash = RR_SENT_NOTHING;
  sent->left = RR_SENT_ALWAYS;
  sent->value = 0;
  if (add_all(sent, frame) && sent->left != RR_SENT_ALWAYS) sent->value = rr_sent_value(sent->hash);
}

void rr_sent_end(struct rr_sent *sent, const struct rr_hook_frame *frame, int64_t result) {
  const struct rr_call_model *call = rr_model_of(frame->rax);
  if (sent->value == 0 || result <= RR_SENT_ALWAYS || call->sent != RR_SENT_ARGUMENT) return;
  sent->left = (uint64_t)result - RR_SENT_ALWAYS;
  if (add_bytes(sent, rr_argument(frame, call->sentArgument) + RR_SENT_ALWAYS, sent->left)) {
    sent->value = rr_sent_value(sent->hash);
  }
}
