// What the kernel does to a program that blocks or ignores SIGSEGV when an instruction raises it: rdtsc, cpuid and
// rdrand, which trap for the recording alone, and what the in-tracee runtime reads of the program's. It unblocks the
// signal, and resets the action to the default (force_sig_info_to_task in kernel/signal.c). Neither can be seen any
// more when the tracer hears of it, so both are kept account of, and put back.
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>

#include "record/recorder.h"
#include "record/trap-disposition.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr uint64_t kSysBit = 1ULL << (SIGSYS - 1);
constexpr uint64_t kFaultBit = 1ULL << (SIGSEGV - 1);

}  // namespace

// After a traced call that may have changed the mask of blocked signals, or as a handler begins.
void Recorder::noteMask(Task& task) {
  uint64_t mask;
  if (ptrace(PTRACE_GETSIGMASK, task.tid, kSignalSetSize, &mask) != 0) return;
  task.sysBlocked = (mask & kSysBit) != 0;
  task.faultBlocked = (mask & kFaultBit) != 0;
}

// The same for what the task did by buffered calls: `change` is what the locals page tells of it.
void Recorder::noteBufferedMask(Task& task, uint64_t change) const {
  if (change == 0) return;
  task.sysBlocked = (change & RR_SYS_BLOCKED) != 0;
  task.faultBlocked = (change & RR_FAULT_BLOCKED) != 0;
  const uint64_t none = 0;
  task.space->memory.writeAll(RR_LOCALS + offsetof(rr_locals, maskChange), &none, sizeof none);
}

// After a call that has set the action for SIGSEGV.
void Recorder::noteFaultHandler(Task& task) {
  if (task.arguments[1] == 0) return;
  const auto action = task.space->memory.readValue<KernelSignalAction>(task.arguments[1]);
  if (action) task.sysAction->faultHandler = action->handler;
}

bool Recorder::losesFaultHandler(const Task& task) const {
  const uint64_t handler = task.sysAction->faultHandler;
  return handler == kIgnoreHandler || (task.faultBlocked && handler != kDefaultHandler);
}

// At the stop of a SIGSEGV that the program is not to have. False with errno set when the task is gone.
bool Recorder::undoForcedFault(Task& task) {
  if (task.faultBlocked) {
    uint64_t mask;
    if (ptrace(PTRACE_GETSIGMASK, task.tid, kSignalSetSize, &mask) != 0) return false;
    mask |= kFaultBit;
    if (ptrace(PTRACE_SETSIGMASK, task.tid, kSignalSetSize, &mask) != 0) return false;
  }
  return !losesFaultHandler(task) || restoreHandler(task, SIGSEGV, task.sysAction->faultHandler);
}

}  // namespace rr
