// What the kernel does to a program that blocks or ignores SIGSEGV when an instruction raises it: rdtsc, cpuid and
// rdrand, which trap for the recording alone, and what the in-tracee runtime reads of the program's. It unblocks the
// signal, and resets the action to the default (force_sig_info_to_task in kernel/signal.c). Neither can be seen any
// more when the tracer hears of it, so both are kept account of, and put back.
#pragma once

#include <cstdint>

#include "record/task.h"

namespace rr {

// After a traced call that may have changed the mask of blocked signals, or as a handler begins.
void noteMask(Task& task);
// After a call that has set the action for SIGSEGV.
void noteFaultHandler(Task& task);
// Whether the kernel has reset the action for SIGSEGV as it forced one.
bool losesFaultHandler(const Task& task);
// At the stop of a SIGSEGV that the program is not to have. False with errno set when the task is gone.
bool undoForcedFault(Task& task);

}  // namespace rr
