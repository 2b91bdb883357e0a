// System calls: what happens at entry and exit of each.
#include <errno.h>
#include <linux/audit.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "generated/syscalls.h"
#include "launcher/record-stub.h"
#include "record/call-kinds.h"
#include "record/call-result.h"
#include "record/calls/file-reads.h"
#include "record/recorder.h"
#include "record/signal-state/stashed-signals.h"
#include "record/stops/at-event.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// How often the tracer gives way to a task that entered a call that may block, before it lets another one run. On one
// CPU a call that does not block is over after the first.
constexpr int kYields = 3;

// The page of the old system call entries (Documentation/arch/x86/x86_64/mm.rst).
constexpr uint64_t kVsyscallPage = 0xffffffffff600000;

// Numbers that no kernel has a call for (do_syscall_64 in arch/x86/entry): its table ends before 1024, and that of the
// x32 ABI lies at bit 30.
bool isNoCall(long number) {
  constexpr long kMostCalls = 1024;
  constexpr long kX32 = 0x40000000;
  return number < 0 || (number >= kMostCalls && number < kX32) || number >= kX32 + kMostCalls;
}

// Of a task at a system call stop; all zeros where the kernel is too old to tell (before Linux 5.3).
__ptrace_syscall_info callInfo(pid_t tid) {
  __ptrace_syscall_info info = {};
  return ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) > 0 ? info : __ptrace_syscall_info{};
}

}  // namespace

void Recorder::callEntry(Task& task) {
  user_regs_struct registers;
  unsigned long verdict = 0;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task);
  task.filters.atDispatch = false;
  if (filters_.concern(task)) {
    if (task.callEntered) {
      // Our own filter's stop, behind the entry stop that was handled.
      task.state = Task::State::inCall;
      return behindFilters(task);
    }
    const __ptrace_syscall_info info = callInfo(task.tid);
    if (registers.orig_rax == ~0ULL && info.op != PTRACE_SYSCALL_INFO_ENTRY) {
      // The same for a call that was answered at its entry stop.
      task.state = Task::State::runnable;
      return;
    }
    verdict = info.op == PTRACE_SYSCALL_INFO_ENTRY && info.arch != AUDIT_ARCH_X86_64;
  } else if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &verdict) != 0) {
    return tree_.lost(task);
  } else if (verdict != RR_VERDICT_NATIVE && verdict != RR_VERDICT_OTHER) {
    // It was killed, and stands at its end already: that is how it ended.
    errno = ESRCH;
    return tree_.lost(task);
  } else {
    verdict = verdict == RR_VERDICT_OTHER;
  }
  if (!tree_.isStarted()) {
    // The launcher, on its way to the program.
    const bool exec = isExec(static_cast<long>(registers.orig_rax));
    execSeen_ |= exec;
    if (!resume(task, exec ? PTRACE_SYSCALL : PTRACE_CONT)) return tree_.lost(task);
    task.state = Task::State::inCall;
    return;
  }
  enterCall(task, registers, verdict != 0);
}

// A call that the task is about to make. `foreign`: not of the x86-64 table.
void Recorder::enterCall(Task& task, user_regs_struct& registers, bool foreign) {
  const std::optional<LocalsHead> hook = runtime_.showProgramAddress(task, registers);
  // The kernel looks at the lower half (do_syscall_64()).
  const long call = static_cast<int>(registers.orig_rax);
  if (foreign) {
    log_.warnOnce("int80", "task " + std::to_string(task.tid) +
                               " made a 32-bit system call (int 0x80), which cannot be recorded: it gets ENOSYS");
    task.entry = registers;
    task.call = call;
    return refuseCall(task, -ENOSYS);
  }
  if (hook) {
    callBuffer_.take(task, *hook);
  } else {
    callBuffer_.take(task);
  }
  task.entry = registers;
  task.call = call;
  task.callEntered = true;
  task.enterWritten = false;
  inCalls_.push_back(task.tid);
  task.stdio = 0;
  takeArguments(task);
  task.signals.stashBlocked = false;
  if (hook && hook->locals.made) return madeCall(task, hook->locals.madeResult);
  if (!task.signals.stashed.empty() && bringDeliverableForward(task)) {
    deliverStashedAtEntry(task);
    return;
  }
  if (task.tracing.traced() && task.tracing.stopsAtCalls()) {
    // An exec leaves the memory in which its strings stand: its next event is too late for them.
    if (isExec(call)) sending_.recordStrings(task);
    writeEnter(task);
    task.tracing.skipsCall = task.tracing.resume != Tracing::Resume::untilCall;
    return tracerStops_.stopForTracer(task, tracerStops_.callStop(task, true), Tracing::Place::callEntry);
  }
  beginCall(task);
}

// The call goes its way.
void Recorder::beginCall(Task& task) {
  const long call = task.call;
  // restart_syscall goes on with the call that was interrupted: its out-parameters are those entered then. Any other
  // call, the first one of a handler, has nothing to do with them.
  if (call != SYS_restart_syscall) {
    task.redirections.clear();
    task.changedPointers.clear();
    task.modelCall = call;
    task.out.enter(call, task.arguments, task.space->memory);
    task.comparing = !task.out.modelled() && !isNoCall(call) && !unknownCalls_.contains(call);
  }
  if (task.entry.rip >= kVsyscallPage) return vsyscall(task);
  sites_.countTrap(task);
  locals_.forgetDescriptors(task);
  if (makesTask(call)) noteMaking(task);
  namespaces_.note(task);
  locals_.noteTimeTraced(task);
  task.sentAtEntry = 0;
  task.filters.asked = task.filters.passed = false;
  // The program's own filter has the first word, whoever would answer the call. One that notifies a supervisor must let
  // that run meanwhile.
  if (filters_.concern(task) && !task.filters.atDispatch && !task.filters.notifies) return askFilters(task);
  performCall(task);
}

// At the entry stop of a call, which comes before all filters: lets them decide. Ours stops the task once more when no
// other has answered the call; else its end comes.
void Recorder::askFilters(Task& task) {
  task.filters.asked = true;
  task.state = Task::State::inCall;
  if (!resume(task, PTRACE_SYSCALL)) return tree_.lost(task);
  int status;
  if (!waits_.awaitStatus(task.tid, status, "the program's filter")) return tree_.lost(task);
  if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_SECCOMP) return behindFilters(task);
  tree_.cameFrom(task, status);
}

// At a stop that a filter asked for, behind the entry that was handled: the call goes its way. A filter of the
// program's that asks for a tracer, which it has not, makes the call fail.
void Recorder::behindFilters(Task& task) {
  unsigned long verdict = 0;
  if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &verdict) != 0) return tree_.lost(task);
  if (!task.filters.own || verdict == RR_VERDICT_NATIVE || verdict == RR_VERDICT_OTHER) {
    task.filters.passed = true;
    if (task.filters.asked) return performCall(task);
    if (!resume(task, PTRACE_SYSCALL)) tree_.lost(task);
    return;
  }
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task);
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<unsigned long long>(-ENOSYS);
  task.filters.skipped = true;
  if (!setRegisters(task.tid, registers) || !resume(task, PTRACE_SYSCALL)) return tree_.lost(task);
  awaitCall(task, false);
}

// The call is about to be made, or answered.
void Recorder::performCall(Task& task) {
  const long call = task.call;
  if (!task.enterWritten || !isExec(call)) sending_.recordStrings(task);
  if (enterSpecial(task)) return;
  if (task.comparing) unknownEffects_.begin(task);
  // The exec of one thread waits for the ends of all others, which need the tracer.
  const bool mayBlock = isExec(call) || (syscallModel(task.modelCall).mayBlock && !FutexWords::endsAtOnce(task)) ||
                        waitingCalls_.contains(call);
  if (mayBlock && !tree_.isAlone()) scratch_.redirect(task);
  runCall(task, mayBlock);
}

// A call through the vsyscall page: the kernel does it in the page fault, and goes on at the return address without an
// exit stop. A breakpoint instruction waits there; a debug register would not do, since the fault leaves RF set.
void Recorder::vsyscall(Task& task) {
  const TraceeMemory& memory = task.space->memory;
  constexpr uint8_t kBreakpoint = 0xcc;
  uint8_t saved;
  const auto returnAddress = memory.readValue<uint64_t>(task.entry.rsp);
  const bool placed =
      returnAddress && memory.readAll(*returnAddress, &saved, 1) && memory.writeAll(*returnAddress, &kBreakpoint, 1);
  task.callEntered = false;
  task.state = Task::State::inCall;
  if (!resume(task, PTRACE_CONT)) return tree_.lost(task);
  waits_.waitFor(task);
  if (placed) memory.writeAll(*returnAddress, &saved, 1);
  if (!placed || !task.pending) return;
  const int status = *task.pending;
  user_regs_struct registers;
  if (!WIFSTOPPED(status) || status >> 8 != SIGTRAP || !getRegisters(task.tid, registers)) return;
  if (registers.rip != *returnAddress + 1) return;
  task.pending.reset();
  registers.rip = *returnAddress;
  if (!setRegisters(task.tid, registers) || !leaveAtEvent(task, registers)) return tree_.lost(task);
  schedulingCalls_.exit(task, registers);
  std::vector<OutRange> ranges;
  task.out.exit(static_cast<int64_t>(registers.rax), memory, ranges);
  for (const OutRange& range : ranges) writer_.memory(task.tid, memory, range.address, range.length);
  task.state = Task::State::runnable;
  events_.frame(schema::EventKind::kSyscall, task, static_cast<int>(task.call), registers, schema::kFrameVsyscall);
}

// Lets a task go on from the entry of a call, behind all filters.
bool Recorder::resumeInCall(Task& task) {
  if (task.filters.atDispatch && !dispatch_.enterKernel(task)) return false;
  if (task.pending) return true;
  return resume(task, PTRACE_SYSCALL);
}

// Lets the kernel do the call, up to its exit stop or as far as it goes without blocking.
void Recorder::runCall(Task& task, bool mayBlock) {
  task.state = Task::State::inCall;
  if (!resumeInCall(task)) return tree_.lost(task);
  awaitCall(task, mayBlock || task.filters.notifies);
}

// The kernel has the call: waits for its exit stop, or as long as it may take without blocking.
void Recorder::awaitCall(Task& task, bool mayBlock) {
  if (tree_.isAlone()) return;
  if (!mayBlock) {
    task.awaited = !makesTask(task.call);
    task.asleep = 0;
    waits_.waitFor(task);
    task.awaited = false;
    return;
  }
  for (int i = 0; i < kYields && !task.pending; i++) {
    sched_yield();
    int status;
    const pid_t tid = waitpid(task.tid, &status, __WALL | WNOHANG);
    if (tid == task.tid) tree_.cameFrom(task, status);
  }
  futexWords_.settle(task);
  if (!task.pending && seeThrough_.movesMuch(task)) seeThrough_.await(task);
}

// Answers a call that the kernel is not to make any more. One frame tells it all.
void Recorder::answerCall(Task& task, int64_t result, uint8_t flags) {
  user_regs_struct registers = task.entry;
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<unsigned long long>(result);
  if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  registers.orig_rax = task.entry.orig_rax;
  const bool entered = std::exchange(task.callEntered, false) && task.enterWritten;
  task.state = Task::State::runnable;
  events_.frame(entered ? schema::EventKind::kSyscallExit : schema::EventKind::kSyscall, task,
                static_cast<int>(task.call), registers, flags);
  task.answeredAtEntry = true;
  tracerStops_.stopAfterCall(task);
}

// Answers a call without the kernel.
void Recorder::refuseCall(Task& task, long result) { answerCall(task, result, schema::kFrameEmulated); }

// A call that the in-tracee runtime has made, and has not written down.
void Recorder::madeCall(Task& task, int64_t result) {
  task.modelCall = task.call;
  task.redirections.clear();
  task.changedPointers.clear();
  task.out.enter(task.call, task.arguments, task.space->memory);
  if (isMadeToBeRecorded(task.call)) return madeMemoryCall(task, result);
  static thread_local std::vector<OutRange> ranges;
  ranges.clear();
  task.out.exit(result, task.space->memory, ranges);
  const uint8_t flags = readFlags(task, result);
  for (const OutRange& range : ranges) writer_.memory(task.tid, task.space->memory, range.address, range.length, flags);
  answerCall(task, result, 0);
}

// One that has changed mappings, or where a segment begins, and has not failed.
void Recorder::madeMemoryCall(Task& task, int64_t result) {
  user_regs_struct registers = task.entry;
  registers.rax = static_cast<unsigned long long>(result);
  task.patchDue = false;
  exitSpecial(task, registers);
  // What is to be patched now takes calls of ours, which cannot be made from here.
  if (task.space->patched.textDue && !mappingsTellRanges(task.call)) {
    if (!dispatch_.leaveEntry(task)) return;
    sites_.patchSites(task);
  }
  answerCall(task, result, 0);
}

// A call that the table does not have has ended. One that the kernel does not have either needs no search of memory the
// next time.
void Recorder::noteUnknownCall(const Task& task, int64_t result) {
  if (result == -ENOSYS) {
    unknownCalls_.insert(task.call);
  } else if (unknownCalls_.erase(task.call) != 0) {
    log_.warnOnce("unknown call",
                  "system call " + std::to_string(task.call) +
                      " was taken for one that the kernel does not have: what it wrote is not recorded");
  }
}

void Recorder::callExit(Task& task) {
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return tree_.lost(task);
  if (!tree_.isStarted()) {
    // The launcher's execve failed: it reports why, and exits.
    task.state = Task::State::inCall;
    if (!resume(task, PTRACE_CONT)) tree_.lost(task);
    return;
  }
  if (!task.callEntered) {
    // The exit stop of a call that was entered before the tracer saw it: the child's side of a clone.
    task.state = Task::State::runnable;
    return;
  }
  if (!dispatch_.leaveKernel(task, registers)) return tree_.lost(task);
  if (std::exchange(task.filters.skipped, false)) {
    registers.orig_rax = task.entry.orig_rax;
    if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  }
  if (task.changedArgument) {
    registers.*task.changedArgument->place = task.changedArgument->value;
    if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  }
  if (task.call == SYS_clone && (task.arguments[0] & CLONE_UNTRACED)) {
    registers.rdi = task.arguments[0];
    if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  }
  task.signals.stashBlocked = false;
  // Nothing of it has happened, whatever its result looks like.
  const std::optional<unsigned long long> takenBack =
      programFilters_.haveTakenBack(task, registers) ? std::optional(registers.rax) : std::nullopt;
  if (takenBack) registers.rax = static_cast<unsigned long long>(-ENOSYS);
  const bool vforked = task.madeTask && (task.making.flags & CLONE_VFORK) != 0;
  if (makesTask(task.call)) returnedFromMaking(task);
  // A filter or its supervisor has answered the call, whatever that looks like: the kernel has done nothing.
  bool untouched = ProgramFilters::haveAnswered(task);
  if (untouched) {
    task.filters.installs = false;
  } else {
    if (isFailure(static_cast<int64_t>(registers.rax))) untouched = !failedCalls_.recordDoneParts(task);
    exitSpecial(task, registers);
  }
  task.changedArgument.reset();
  const int64_t result = static_cast<int64_t>(registers.rax);
  // A call or command that the kernel does not know, or has no descriptor for, wrote nothing that could be missed.
  const bool unknown =
      result == -ENOSYS || result == -ENOTTY || result == -EBADF || (task.call == SYS_prctl && result == -EINVAL);
  if (!unknown) {
    if (auto warning = task.out.warning()) log_.warnOnce(*warning, *warning);
  }
  if (!syscallModel(task.call).known && task.call == task.modelCall) noteUnknownCall(task, result);
  static thread_local std::vector<OutRange> ranges;
  ranges.clear();
  scratch_.restore(task, registers, ranges);
  if (task.comparing && task.call != SYS_restart_syscall) unknownEffects_.end(task, result, ranges);
  const uint8_t flags = readFlags(task, result);
  for (const OutRange& range : ranges) writer_.memory(task.tid, task.space->memory, range.address, range.length, flags);
  uint8_t stdio = 0;
  if (task.stdio && result > 0) {
    stdio = task.stdio;
    recordOutput(task, result);
  }
  memoryFiles_.recordWrites(task, result);
  fileWrites_.recordFileWrites(task, result);
  if (result == 0) letSignalAct(task);
  const bool entered = task.enterWritten;
  task.callEntered = false;
  task.state = Task::State::runnable;
  if (takenBack) {
    registers.rax = *takenBack;
    if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  }
  if (task.patchDue || (task.space->patched.textDue && !mappingsTellRanges(task.call))) sites_.patchSites(task);
  dispatch_.noteChange(task);
  dispatch_.begin(task, registers);
  const bool answeredForGood = !takenBack && programFilters_.haveAnsweredForGood(task, registers);
  if (answeredForGood) registers.orig_rax = ~0ULL;  // in the kernel as well, but where a tracer may send a signal yet
  const bool written = !answeredForGood || task.tracing.traced() || setRegisters(task.tid, registers);
  if (!written || !leaveAtEvent(task, registers)) return tree_.lost(task);
  if (!takenBack) sending_.record(task, result);
  events_.frame(entered ? schema::EventKind::kSyscallExit : schema::EventKind::kSyscall, task,
                static_cast<int>(task.call), registers, takenBack || untouched ? schema::kFrameEmulated : uint8_t{0},
                stdio);
  task.tracing.codeSet = answeredForGood && task.tracing.traced();
  task.answeredAtEntry = answeredForGood && !task.tracing.traced();
  tracerStops_.stopAfterCall(task);
  if (vforked && tracerStops_.tracerWants(task, PTRACE_O_TRACEVFORKDONE)) {
    task.tracing.due.push_front(
        tracerStops_.eventStop(task, PTRACE_EVENT_VFORK_DONE, static_cast<uint64_t>(task.tracing.made)));
  }
}

}  // namespace rr
