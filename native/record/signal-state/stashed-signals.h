// Signals that have come, and wait until the task reaches a point at which the replay can deliver them.
#pragma once

#include <signal.h>

#include "record/task.h"
#include "record/tree/task-tree.h"

namespace rr {

// The kernel forgets the signal.
void stash(Task& task, const siginfo_t& info);
// Puts the first stashed signal that the task does not block to the front. False when it blocks them all: a handler
// that runs blocks its own signal. The task is stopped.
bool bringDeliverableForward(Task& task);
// Whether the task, at the exit stop of a call, finds no signal and no group stop on its way to user code. The kernel
// looks at its codes for a restart only where it finds one.
bool leavesUndisturbed(const TaskTree& tree, const Task& task);

}  // namespace rr
