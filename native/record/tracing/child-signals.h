// SIGCHLD of what the kernel does not tell a recorded tracer.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>

#include "record/tree/task-tree.h"

namespace rr {

// SIGCHLD, if the program would notice. Nobody may send the kernel's own si_code: it is put right when the signal
// comes (childSignal).
void tellOfChild(const TaskTree& tree, const Task& tracer, pid_t child, int code, int status);
// A SIGCHLD of tellOfChild becomes the kernel's.
void childSignal(siginfo_t& info);
// Where a task has taken a SIGCHLD by a call: rt_sigtimedwait, or a read of a signalfd.
void childSignalsTaken(Task& task, int64_t result);
// The user of a task.
uid_t userOf(pid_t tid);

}  // namespace rr
