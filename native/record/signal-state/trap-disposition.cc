#include "record/signal-state/trap-disposition.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>

#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// Far enough below the program's stack pointer to be behind its red zone. Bytes.
constexpr uint64_t kBelowStack = 512;

}  // namespace

bool restoreHandler(const Task& task, int signal, uint64_t handler) {
  const TraceeMemory& memory = task.space->memory;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return false;
  // The structure passes through memory of the program's, which is put back.
  const uint64_t place = (registers.rsp - kBelowStack) & ~15ULL;
  KernelSignalAction saved;
  if (!memory.readAll(place, &saved, sizeof saved)) return false;
  const auto number = static_cast<uint64_t>(signal);
  const uint64_t ask[6] = {number, 0, place, kSignalSetSize, 0, 0};
  long result = syscallByStops(task.tid, SYS_rt_sigaction, ask);
  KernelSignalAction action;
  if (result == 0 && memory.readAll(place, &action, sizeof action)) {
    action.handler = handler;
    const uint64_t set[6] = {number, place, 0, kSignalSetSize, 0, 0};
    result = memory.writeAll(place, &action, sizeof action) ? syscallByStops(task.tid, SYS_rt_sigaction, set) : -EFAULT;
  }
  memory.writeAll(place, &saved, sizeof saved);
  errno = static_cast<int>(-result);
  return result == 0;
}

TrapDisposition::TrapDisposition(const Task& task)
    : task_(task), ignored_(contains(readSignalSets(task.tid).ignored, SIGTRAP)) {}

bool TrapDisposition::restore() const { return !ignored_ || restoreHandler(task_, SIGTRAP, kIgnoreHandler); }

}  // namespace rr
