// Whether a task stands where its last event left it.
#pragma once

#include <sys/user.h>

#include <cstdint>

#include "record/task.h"

namespace rr {

// True when it has not executed anything since its last event: a signal may then be recorded where it is. Registers do
// not tell alone: a loop may come back to them. But whatever else takes the task into the kernel stores a negative
// orig_rax (entry_64.S), and a call its number.
bool standsAtEvent(const Task& task, const user_regs_struct& registers);
// An orig_rax for a task that is left at an event with these registers, by which standsAtEvent knows it. Nothing else
// looks there but the restart of interrupted calls.
uint64_t markOfEvent(const Task& task, const user_regs_struct& registers);
// Whether orig_rax is what markOfEvent makes up.
bool isMarkOfEvent(uint64_t origRax);
// Marks a task that stands at an event with `registers`. False with errno set.
bool leaveAtEvent(const Task& task, user_regs_struct registers);

}  // namespace rr
