#include "descriptor.h"
#include "generated/calls.h"
#include "hook.h"

enum rr_verdict rr_record(struct rr_hook_frame *frame) {
  if (frame->rax >= RR_CALL_COUNT || (RR_THE_LOCALS->flags & RR_ALL_TRACED)) return RR_TRACED;
  rr_forget_descriptors(frame);
  switch (rr_model_of(frame->rax)->family) {
    case RR_FAMILY_PLAIN:
      return rr_plain(frame);
    case RR_FAMILY_OPEN:
      return rr_open(frame);
    case RR_FAMILY_CREATE:
      return rr_create(frame);
    case RR_FAMILY_OPEN_AT:
      return rr_open_at(frame);
    case RR_FAMILY_ONCE:
      return rr_once(frame);
    case RR_FAMILY_READ:
      return rr_read(frame);
    case RR_FAMILY_READ_VECTOR:
      return rr_read_vector(frame);
    case RR_FAMILY_WRITE:
      return rr_write(frame);
    case RR_FAMILY_WRITE_VECTOR:
      return rr_write_vector(frame);
    case RR_FAMILY_COPY_RANGE:
      return rr_copy_range(frame);
    case RR_FAMILY_CONTROL:
      return rr_control(frame);
    case RR_FAMILY_RECEIVE:
      return rr_receive(frame);
    case RR_FAMILY_RECEIVE_MESSAGE:
      return rr_receive_message(frame);
    case RR_FAMILY_RECEIVE_MESSAGES:
      return rr_receive_messages(frame);
    case RR_FAMILY_SEND:
      return rr_send(frame);
    case RR_FAMILY_SEND_MESSAGE:
      return rr_send_message(frame);
    case RR_FAMILY_SEND_MESSAGES:
      return rr_send_messages(frame);
    case RR_FAMILY_SET_OPTION:
      return rr_set_option(frame);
    case RR_FAMILY_GET_OPTION:
      return rr_get_option(frame);
    case RR_FAMILY_ACCEPT:
      return rr_accept(frame);
    case RR_FAMILY_CONNECT:
      return rr_connect(frame);
    case RR_FAMILY_POLL:
      return rr_poll(frame);
    case RR_FAMILY_TIMED_POLL:
      return rr_timed_poll(frame);
    case RR_FAMILY_SELECT:
      return rr_select(frame);
    case RR_FAMILY_TIMED_SELECT:
      return rr_timed_select(frame);
    case RR_FAMILY_EPOLL:
      return rr_epoll(frame);
    case RR_FAMILY_MASKED_EPOLL:
      return rr_masked_epoll(frame);
    case RR_FAMILY_TIMED_EPOLL:
      return rr_timed_epoll(frame);
    case RR_FAMILY_FUTEX:
      return rr_futex(frame);
    case RR_FAMILY_WAIT:
      return rr_wait(frame);
    case RR_FAMILY_WAIT_ID:
      return rr_wait_id(frame);
    case RR_FAMILY_LOCK:
      return rr_lock(frame);
    case RR_FAMILY_SIGNAL_MASK:
      return rr_signal_mask(frame);
    case RR_FAMILY_SIGNAL_ACTION:
      return rr_signal_action(frame);
    case RR_FAMILY_MEMORY:
      return rr_memory(frame);
    case RR_FAMILY_REFUSED:
      return rr_refused(frame);
    default:
      return RR_TRACED;
  }
}
