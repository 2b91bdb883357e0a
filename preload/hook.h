// The handlers that hook.S calls, and the families of calls that the recording one chooses from.
#pragma once

#include "runtime.h"

// Recording: makes the call and writes its entry.
enum rr_verdict rr_record(struct rr_hook_frame *frame);
// Replay: takes the call's results from its entry.
enum rr_verdict rr_replay(struct rr_hook_frame *frame);

// The same for rdtsc and rdtscp, whose length the locals page has. RR_TRACED: it traps.
enum rr_verdict rr_record_time(struct rr_hook_frame *frame);
enum rr_verdict rr_replay_time(struct rr_hook_frame *frame);

// One for each family of engine/syscalls/buffered.ts. A call that they answer with RR_TRACED has not happened, or may
// happen again.
enum rr_verdict rr_plain(struct rr_hook_frame *frame);
enum rr_verdict rr_open(struct rr_hook_frame *frame);
enum rr_verdict rr_create(struct rr_hook_frame *frame);
enum rr_verdict rr_open_at(struct rr_hook_frame *frame);
enum rr_verdict rr_once(struct rr_hook_frame *frame);
enum rr_verdict rr_read(struct rr_hook_frame *frame);
enum rr_verdict rr_read_vector(struct rr_hook_frame *frame);
enum rr_verdict rr_write(struct rr_hook_frame *frame);
enum rr_verdict rr_write_vector(struct rr_hook_frame *frame);
enum rr_verdict rr_copy_range(struct rr_hook_frame *frame);
enum rr_verdict rr_receive(struct rr_hook_frame *frame);
enum rr_verdict rr_receive_message(struct rr_hook_frame *frame);
enum rr_verdict rr_receive_messages(struct rr_hook_frame *frame);
enum rr_verdict rr_send(struct rr_hook_frame *frame);
enum rr_verdict rr_send_message(struct rr_hook_frame *frame);
enum rr_verdict rr_send_messages(struct rr_hook_frame *frame);
enum rr_verdict rr_accept(struct rr_hook_frame *frame);
enum rr_verdict rr_connect(struct rr_hook_frame *frame);
enum rr_verdict rr_poll(struct rr_hook_frame *frame);
enum rr_verdict rr_timed_poll(struct rr_hook_frame *frame);
enum rr_verdict rr_select(struct rr_hook_frame *frame);
enum rr_verdict rr_timed_select(struct rr_hook_frame *frame);
enum rr_verdict rr_epoll(struct rr_hook_frame *frame);
enum rr_verdict rr_masked_epoll(struct rr_hook_frame *frame);
enum rr_verdict rr_timed_epoll(struct rr_hook_frame *frame);
enum rr_verdict rr_futex(struct rr_hook_frame *frame);
enum rr_verdict rr_wait(struct rr_hook_frame *frame);
enum rr_verdict rr_wait_id(struct rr_hook_frame *frame);
enum rr_verdict rr_control(struct rr_hook_frame *frame);
enum rr_verdict rr_set_option(struct rr_hook_frame *frame);
enum rr_verdict rr_get_option(struct rr_hook_frame *frame);
enum rr_verdict rr_lock(struct rr_hook_frame *frame);
enum rr_verdict rr_signal_mask(struct rr_hook_frame *frame);
enum rr_verdict rr_signal_action(struct rr_hook_frame *frame);
enum rr_verdict rr_memory(struct rr_hook_frame *frame);
enum rr_verdict rr_refused(struct rr_hook_frame *frame);
