#include "record/calls/process-settings.h"

#include <errno.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "launcher/nested.h"
#include "tracee/abi.h"

namespace rr {

EntryAnswer enterSettings(Task& task) {
  const uint64_t value = task.arguments[1];
  switch (static_cast<int>(task.arguments[0])) {
    case RR_LEAVE_AT_EXEC:
      task.leavesAtExec = true;
      return EntryAnswer::of(0);
    case kSetUserDispatch:
      // So does Linux before 5.11. What the kernel then does to calls cannot be replayed, and we may need it ourselves.
      return EntryAnswer::of(-EINVAL);
    case PR_SET_TSC: {
      const int mode = static_cast<int>(value);
      if (mode != PR_TSC_ENABLE && mode != PR_TSC_SIGSEGV) return EntryAnswer::of(-EINVAL);
      task.ownTscTrap = mode == PR_TSC_SIGSEGV;
      return EntryAnswer::of(0);
    }
    // Memory that is not dumpable is closed to a tracer without privilege, from the next fork on: it stays open, and
    // the program is told what it has set.
    case PR_SET_DUMPABLE:
      if (geteuid() == 0 || value > 1) return {};
      task.space->undumpable = value == 0;
      return EntryAnswer::of(0);
    case PR_GET_DUMPABLE:
      return task.space->undumpable ? EntryAnswer::of(0) : EntryAnswer{};
    default:
      return {};
  }
}

void exitSettings(const Task& task) {
  if (static_cast<int>(task.arguments[0]) != PR_GET_TSC) return;
  // The program's rdtsc traps because we want it to: it is told what it set itself.
  const int mode = task.ownTscTrap ? PR_TSC_SIGSEGV : PR_TSC_ENABLE;
  task.space->memory.writeAll(task.arguments[1], &mode, sizeof mode);
}

}  // namespace rr
