#include "record/runtime/runtime.h"

#include <signal.h>
#include <stddef.h>

#include "layout.h"
#include "tracee/abi.h"

namespace rr {

bool Runtime::inHook(const Task& task, uint64_t rip) const {
  if (task.space->patched.runtime != PatchedSites::Runtime::installed) return false;
  return image_.contains(rip) || (rip >= RR_UNTRACED_RETURNING && rip < RR_UNTRACED_RETURNING + 3) ||
         task.space->patched.inArea(rip);
}

std::optional<LocalsHead> Runtime::showProgramAddress(Task& task, user_regs_struct& registers) const {
  if (registers.rip != image_.header().afterTraced || !image_.loaded()) return std::nullopt;
  LocalsHead head;
  if (!head.read(task.space->memory)) return std::nullopt;
  registers.rip = registers.rcx = head.locals.returnAddress;
  if (!head.locals.made) setRegisters(task.tid, registers);
  return head;
}

void Runtime::showProgramTime(Task& task, user_regs_struct& registers) const {
  if (!image_.loaded() || registers.rip != image_.header().timeTrap) return;
  constexpr uint64_t kLength = RR_LOCALS + offsetof(rr_locals, timeLength);
  const TraceeMemory& memory = task.space->memory;
  const auto returnAddress = memory.readValue<uint64_t>(RR_LOCALS + RR_LOCALS_RETURN);
  const auto length = memory.readValue<uint64_t>(kLength);
  if (!returnAddress || !length) return;
  const uint64_t none = 0;
  memory.writeAll(kLength, &none, sizeof none);
  registers.rip = *returnAddress - *length;
  setRegisters(task.tid, registers);
}

bool Runtime::isDispatchedCall(const Task& task, const user_regs_struct& registers, const siginfo_t* signal) const {
  if (!task.filters.dispatched || registers.rax != registers.orig_rax) return false;
  const bool traced = registers.rip == image_.header().afterTraced;
  if (inHook(task, registers.rip) && !traced) return false;
  if (signal && signal->si_signo == SIGSYS && signal->si_code == kUserDispatched) return true;
  return static_cast<int64_t>(registers.orig_rax) >= 0;
}

}  // namespace rr
