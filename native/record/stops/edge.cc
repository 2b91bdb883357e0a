#include "record/stops/edge.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include "layout.h"
#include "record/call-result.h"
#include "record/signal-state/trap-disposition.h"
#include "record/stops/stepping.h"
#include "tracee/execution-breakpoint.h"

namespace rr {

bool Edge::runToEdge(Task& task, user_regs_struct& registers) {
  // SIGTRAP is unblocked meanwhile, so a call that changes the mask must be made traced: one that has begun is taken
  // back below unless it has happened.
  locals_.traceNextCall(*task.space, true);
  constexpr uint64_t kMaskBefore = RR_LOCALS + offsetof(rr_locals, maskBefore);
  if (task.space->memory.readValue<uint64_t>(kMaskBefore) == RR_MASK_UNCHANGED) {
    const uint64_t none = 0;
    task.space->memory.writeAll(kMaskBefore, &none, sizeof none);
    registers.rip = runtime_.header().abort;
    registers.orig_rax = ~0ULL;
    if (!setRegisters(task.tid, registers)) return tree_.lost(task), false;
  }
  const TrapUnblocked unblocked(task.tid);
  const TrapDisposition disposition(task);
  for (;;) {
    const rr_runtime_header& header = runtime_.header();
    const bool inCall = registers.rip == RR_UNTRACED_RETURNING + 2;
    if (inCall && isRestart(static_cast<int64_t>(registers.rax))) {
      // It was about to block.
      registers.rip = header.abort;
      registers.orig_rax = ~0ULL;
      if (!setRegisters(task.tid, registers)) return tree_.lost(task), false;
    }
    uint64_t edge;
    if (task.space->patched.inArea(registers.rip)) {
      const auto behind = task.space->patched.behindSiteOfStub(registers.rip);
      if (!behind) return false;
      edge = *behind;
    } else if ((registers.rip >= header.recordEntry && registers.rip <= header.recordCall) ||
               (registers.rip >= header.recordTimeEntry && registers.rip <= header.recordTimeCall)) {
      edge = registers.rcx;
    } else {
      edge = task.space->memory.readValue<uint64_t>(RR_LOCALS + RR_LOCALS_RETURN).value_or(0);
    }
    const pid_t tid = task.tid;
    const auto space = task.space;  // also when the task ends
    ExecutionBreakpoint behind;
    if (!behind.set(tid, space->memory, edge)) return tree_.lost(task), false;
    task.stops.interrupted = false;
    task.stops.leavesHook = true;
    task.state = Task::State::userCode;
    const bool resumed = resume(task, filters_.userCodeRequest(task));
    if (resumed) waits_.waitFor(task);
    const bool arrived = steps_.arriveAtBreakpoint(tid, behind);
    if (!resumed) return tree_.lost(task), false;
    if (!tree_.contains(tid)) return false;
    task.stops.leavesHook = false;
    if (task.takenFromRuntime) return false;
    task.state = Task::State::runnable;
    if (arrived) {
      if (!getRegisters(tid, registers) || !disposition.restore()) return tree_.lost(task), false;
      registers.orig_rax = ~0ULL;
      task.stops.atEdge = true;
      return true;
    }
    if (!task.pending) return false;
    const int status = *task.pending;
    if (!WIFSTOPPED(status) || !getRegisters(task.tid, registers)) return false;
    if (status >> 16 == PTRACE_EVENT_STOP && task.stops.interrupted && runtime_.inHook(task, registers.rip)) {
      task.pending.reset();
      continue;
    }
    return false;
  }
}

void Edge::recordEdge(Task& task, const user_regs_struct& registers) {
  callBuffer_.take(task);
  task.stops.atEdge = false;
  log_.debug(task, "stopped behind a buffered call at %llx", registers.rip);
  events_.writeFrame(schema::EventKind::kSched, task, 0, registers, 0);
}

}  // namespace rr
