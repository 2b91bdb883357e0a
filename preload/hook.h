// The two handlers that hook.S calls, and the families of calls that the recording one chooses from.
#pragma once

#include "runtime.h"

// Recording: makes the call and writes its entry.
enum rr_verdict rr_record(struct rr_hook_frame *frame);
// Replay: takes the call's results from its entry.
enum rr_verdict rr_replay(struct rr_hook_frame *frame);

// One for each family of engine/syscalls/buffered.ts. A call that they answer with RR_TRACED has not happened.
enum rr_verdict rr_plain(struct rr_hook_frame *frame);
enum rr_verdict rr_read(struct rr_hook_frame *frame);
enum rr_verdict rr_read_vector(struct rr_hook_frame *frame);
enum rr_verdict rr_write(struct rr_hook_frame *frame);
enum rr_verdict rr_write_vector(struct rr_hook_frame *frame);
