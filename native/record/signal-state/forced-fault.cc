#include "record/signal-state/forced-fault.h"

#include <signal.h>
#include <stddef.h>

#include "record/signal-state/trap-disposition.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr uint64_t kSysBit = 1ULL << (SIGSYS - 1);
constexpr uint64_t kFaultBit = 1ULL << (SIGSEGV - 1);

}  // namespace

void noteMask(Task& task) {
  const auto mask = signalMask(task.tid);
  if (!mask) return;
  task.signals.sysBlocked = (*mask & kSysBit) != 0;
  task.signals.faultBlocked = (*mask & kFaultBit) != 0;
}

void noteFaultHandler(Task& task) {
  if (task.arguments[1] == 0) return;
  const auto action = task.space->memory.readValue<KernelSignalAction>(task.arguments[1]);
  if (action) task.signals.sysAction->faultHandler = action->handler;
}

bool losesFaultHandler(const Task& task) {
  const uint64_t handler = task.signals.sysAction->faultHandler;
  return handler == kIgnoreHandler || (task.signals.faultBlocked && handler != kDefaultHandler);
}

bool undoForcedFault(Task& task) {
  if (task.signals.faultBlocked) {
    const auto mask = signalMask(task.tid);
    if (!mask || !setSignalMask(task.tid, *mask | kFaultBit)) return false;
  }
  return !losesFaultHandler(task) || restoreHandler(task, SIGSEGV, task.signals.sysAction->faultHandler);
}

}  // namespace rr
