#include "record/stops/at-event.h"

#include <string.h>

#include "record/call-result.h"
#include "record/runtime/call-buffer.h"

namespace rr {

namespace {

// The number of no system call (markOfEvent).
constexpr uint64_t kNoCall = 0xfff0;

// Equal but for orig_rax, which programs cannot see.
bool samePoint(user_regs_struct a, user_regs_struct b) {
  a.orig_rax = b.orig_rax = 0;
  return memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace

bool standsAtEvent(const Task& task, const user_regs_struct& registers) {
  if (!samePoint(registers, task.atEvent) || !CallBuffer::isEmpty(task)) return false;
  return static_cast<int64_t>(registers.orig_rax) >= 0 || task.answeredAtEntry;
}

bool isMarkOfEvent(uint64_t origRax) { return origRax == kNoCall || origRax == kNoCall + 1; }

uint64_t markOfEvent(const Task& task, const user_regs_struct& registers) {
  if (isRestart(static_cast<int64_t>(registers.rax))) return registers.orig_rax;
  const bool likeDispatched = task.filters.dispatched && registers.rax == registers.orig_rax;
  if (static_cast<int64_t>(registers.orig_rax) >= 0 && !likeDispatched) return registers.orig_rax;
  return registers.rax == kNoCall ? kNoCall + 1 : kNoCall;
}

bool leaveAtEvent(const Task& task, user_regs_struct registers) {
  const uint64_t mark = markOfEvent(task, registers);
  if (mark == registers.orig_rax) return true;
  registers.orig_rax = mark;
  return setRegisters(task.tid, registers);
}

}  // namespace rr
