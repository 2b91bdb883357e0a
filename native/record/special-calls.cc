// The calls that need more than the table says, at their entry and exit.
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <utility>

#include "generated/syscalls.h"
#include "record/call-kinds.h"
#include "record/call-result.h"
#include "record/calls/process-settings.h"
#include "record/recorder.h"
#include "record/signal-state/forced-fault.h"
#include "record/tracing/child-signals.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// What is left to a program in the strict mode of seccomp(2).
bool allowedByStrictMode(long call) {
  return call == SYS_read || call == SYS_write || call == SYS_exit || call == SYS_rt_sigreturn;
}

bool neverReturns(long call) { return call == SYS_exit || call == SYS_exit_group; }

}  // namespace

// True when the call was dealt with and must not be run by the caller.
bool Recorder::enterSpecial(Task& task) {
  const long call = task.call;
  if (task.filters.strict && !allowedByStrictMode(call)) {
    // What the kernel does to it (seccomp(2)).
    kill(task.threadGroup, SIGKILL);
    tree_.lost(task);
    return true;
  }
  if (isAnswered(task, refusedCalls_.enter(task))) return true;
  if (neverReturns(call)) {
    writeEnter(task);
    return false;
  }
  if (call == SYS_clone && (task.arguments[0] & CLONE_UNTRACED)) {
    // The child would be none of ours, and all its calls answered with ENOSYS.
    user_regs_struct registers = task.entry;
    registers.rdi &= ~uint64_t{CLONE_UNTRACED};
    if (!setRegisters(task.tid, registers)) tree_.lost(task);
    return task.state == Task::State::dying;
  }
  if (isExec(call)) endWrites_.foreseeExec(task);
  if (makesTask(call) || isExec(call)) return false;
  if (isAnswered(task, memoryCalls_.enter(task))) return true;
  if (writesToDescriptor(call)) return isAnswered(task, memoryFiles_.enterWrite(task)) || enterOutput(task);
  switch (call) {
    case SYS_ptrace:
      ptraceCall(task);
      return true;
    case SYS_wait4:
    case SYS_waitid:
      return enterWait(task);
    case SYS_process_vm_writev:
      return isAnswered(task, memoryFiles_.enterRemoteWrite(task));
    case SYS_seccomp:
    case SYS_prctl:
      return isAnswered(task, programFilters_.enter(task)) ||
             (call == SYS_prctl && isAnswered(task, enterSettings(task)));
    case SYS_madvise:
      // MADV_FREE lets the kernel drop pages whenever it likes: DONTNEED is one of the outcomes, and a fixed one.
      if (static_cast<int>(task.arguments[2]) == MADV_FREE) {
        user_regs_struct registers = task.entry;
        registers.rdx = MADV_DONTNEED;
        task.changedArgument = {&user_regs_struct::rdx, task.arguments[2]};
        if (!setRegisters(task.tid, registers)) {
          tree_.lost(task);
          return true;
        }
      }
      return false;
    default:
      return isAnswered(task, schedulingCalls_.enter(task));
  }
}

// True when the kernel is not to make the call.
bool Recorder::isAnswered(Task& task, const EntryAnswer& answer) {
  switch (answer.kind) {
    case EntryAnswer::Kind::none:
      return false;
    case EntryAnswer::Kind::answered:
      refuseCall(task, answer.result);
      return true;
    case EntryAnswer::Kind::made:
      answerCall(task, answer.result, writer_.mappings() == 0 ? schema::kFrameEmulated : uint8_t{0});
      return true;
    case EntryAnswer::Kind::elsewhere:
      return true;
    case EntryAnswer::Kind::lost:
      tree_.lost(task);
      return true;
  }
  return true;
}

void Recorder::exitSpecial(Task& task, user_regs_struct& registers) {
  const int64_t result = static_cast<int64_t>(registers.rax);
  const bool failed = isFailure(result);
  memoryCalls_.noteChanges(task, registers);
  switch (task.call) {
    case SYS_mmap:
      if (failed) return;
      if (const auto mapped = mappings_.recordMmap(task, registers)) sites_.noteText(task, *mapped);
      return;
    case SYS_shmat:
      if (!failed) mappings_.recordShmat(task, registers);
      return;
    case SYS_process_vm_writev:
      if (result > 0) recordRemoteWrites(task, static_cast<uint64_t>(result));
      return;
    case SYS_wait4:
    case SYS_waitid:
      return tracedWaits_.exitWait(task, registers);
    case SYS_rt_sigaction: {
      if (!failed && static_cast<int>(task.arguments[0]) == SIGSEGV) noteFaultHandler(task);
      if (failed || static_cast<int>(task.arguments[0]) != SIGCHLD || task.arguments[1] == 0) return;
      const auto action = task.space->memory.readValue<KernelSignalAction>(task.arguments[1]);
      if (!action) return;
      task.signals.sysAction->childStopsUntold = (action->flags & SA_NOCLDSTOP) != 0;
      if (task.signals.sysAction->childStopsUntold) locals_.noteStopsUntold();
      return;
    }
    case SYS_personality:
      if (!failed) personality_.exit(task, registers);
      return;
    case SYS_pread64:
      return shownFiles_.show(task, registers);
    case SYS_read:
      shownFiles_.show(task, registers);
      [[fallthrough]];
    case SYS_rt_sigtimedwait:
      if (task.space->patched.allTraced) childSignalsTaken(task, result);
      return;
    case SYS_set_tid_address:
      task.end.clearChildTid = task.arguments[0];
      return;
    case SYS_set_robust_list:
      if (!failed) task.end.robustList = task.arguments[0];
      return;
    case SYS_rt_sigreturn: {
      scheduler_.returnTurn(task);
      std::vector<uint8_t> area;
      if (getXsave(task.tid, area)) {
        writer_.data(task.tid, schema::DataSpace::kXsave, 0, area.data(), area.size());
      }
      return;
    }
    case SYS_seccomp:
      return programFilters_.noteInstalled(task, failed);
    case SYS_prctl:
      programFilters_.noteInstalled(task, failed);
      if (!failed) exitSettings(task);
      return;
    default:
      return schedulingCalls_.exit(task, registers);
  }
}

}  // namespace rr
