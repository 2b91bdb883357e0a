// What the hook asks the kernel about a descriptor before it makes a call that may block, or that the recorder must
// see.
#pragma once

#include "runtime.h"

// The program is about to close or replace descriptors: nothing is known of them any more.
void rr_forget_descriptors(const struct rr_hook_frame *frame);
enum rr_reading {
  RR_READ_TRACED = 0,
  RR_READ_NOW = 1,
  RR_READ_FILE = 2,  // a regular file that everybody may read
};
// Not RR_READ_TRACED when a read does not block: there is something, or the end of it, or an error, or O_NONBLOCK.
enum rr_reading rr_may_read(int descriptor);
// True when a write of `length` bytes neither blocks nor goes where the recorder must see it: its own output, or a file
// that is somebody's memory.
bool rr_may_write(int descriptor, uint64_t length);
// True for a file that is nobody's memory, nor the recorder's output: the kernel may change it unseen.
bool rr_may_change(int descriptor);
// As rr_may_write, for a message; `never_waits`: it is sent with MSG_DONTWAIT.
bool rr_may_send(int descriptor, uint64_t length, bool never_waits);
// True with O_NONBLOCK, and for what is no descriptor.
bool rr_never_blocks(int descriptor);
// True when the file of that name, from `directory` on, can be emptied unseen: nobody has it mapped.
bool rr_may_truncate(int directory, uint64_t path);
