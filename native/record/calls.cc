// System calls: what happens at entry and exit of each, and the few that need more than the table says.
#include <asm/prctl.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "generated/syscalls.h"
#include "launcher/record-stub.h"
#include "record/call-result.h"
#include "record/recorder.h"
#include "record/task-state.h"
#include "tracee/abi.h"
#include "tracee/descriptor.h"

namespace rr {

namespace {

// How often the tracer gives way to a task that entered a call that may block, before it lets another one run. On one
// CPU a call that does not block is over after the first.
constexpr int kYields = 3;

// MADV_COLLAPSE, since Linux 6.1.
constexpr int kCollapse = 25;

// The page of the old system call entries (Documentation/arch/x86/x86_64/mm.rst).
constexpr uint64_t kVsyscallPage = 0xffffffffff600000;

// Calls that the recorder answers with ENOSYS; libraries fall back (DESIGN.md, "Recording"). The memory of
// memfd_secret(2) is closed to tracers.
bool isRefused(long call) {
  return call == SYS_rseq || call == SYS_clone3 || call == SYS_io_uring_setup || call == SYS_io_setup ||
         call == SYS_memfd_secret;
}

// The same for those that programs cannot do without: they are told. Memory would change behind every event.
bool isUnsupported(long call) { return call == SYS_userfaultfd || call == SYS_remap_file_pages; }

// The flags of userfaultfd(2) are below; the kernel refuses others itself.
constexpr uint64_t kUserFaultFlags = O_CLOEXEC << 1;

// What is left to a program in the strict mode of seccomp(2).
bool allowedByStrictMode(long call) {
  return call == SYS_read || call == SYS_write || call == SYS_exit || call == SYS_rt_sigreturn;
}

bool neverReturns(long call) { return call == SYS_exit || call == SYS_exit_group; }

bool makesTask(long call) { return call == SYS_fork || call == SYS_vfork || call == SYS_clone; }

bool makesByVfork(const Task& maker) {
  return maker.call == SYS_vfork || (maker.call == SYS_clone && (maker.arguments[0] & CLONE_VFORK) != 0);
}

bool isExec(long call) { return call == SYS_execve || call == SYS_execveat; }

// Calls whose written bytes are in the program's memory, so that replay can read them there.
bool writesFromMemory(long call) {
  return call == SYS_write || call == SYS_writev || call == SYS_pwrite64 || call == SYS_pwritev ||
         call == SYS_pwritev2 || call == SYS_sendto || call == SYS_sendmsg;
}

// Calls that move bytes between descriptors: (output descriptor, input descriptor) as argument indices.
struct Transfer {
  long call;
  int output, input, inputOffset;
};
constexpr Transfer kTransfers[] = {
    {SYS_sendfile, 0, 1, 2},
    {SYS_copy_file_range, 2, 0, 1},
    {SYS_splice, 2, 0, 1},
};

const Transfer* transferOf(long call) {
  for (const Transfer& transfer : kTransfers) {
    if (transfer.call == call) return &transfer;
  }
  return nullptr;
}

// Calls that make other tasks act at once.
bool sendsSignal(long call) {
  return call == SYS_kill || call == SYS_tkill || call == SYS_tgkill || call == SYS_rt_sigqueueinfo ||
         call == SYS_rt_tgsigqueueinfo || call == SYS_pidfd_send_signal;
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
  if (!getRegisters(task.tid, registers)) return lost(task);
  task.atDispatch = false;
  if (judged(task)) {
    if (task.callEntered) {
      // Our own filter's stop, behind the entry stop that was handled.
      task.state = Task::State::inCall;
      if (!passFilters(task)) lost(task);
      return;
    }
    const __ptrace_syscall_info info = callInfo(task.tid);
    if (registers.orig_rax == ~0ULL && info.op != PTRACE_SYSCALL_INFO_ENTRY) {
      // The same for a call that was answered at its entry stop.
      task.state = Task::State::runnable;
      return;
    }
    verdict = info.op == PTRACE_SYSCALL_INFO_ENTRY && info.arch != AUDIT_ARCH_X86_64;
  } else if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &verdict) != 0) {
    return lost(task);
  } else {
    verdict = verdict != RR_VERDICT_NATIVE;
  }
  if (!started_) {
    // The launcher, on its way to the program.
    const bool exec = isExec(static_cast<long>(registers.orig_rax));
    execSeen_ |= exec;
    if (!resume(task, exec ? PTRACE_SYSCALL : PTRACE_CONT)) return lost(task);
    task.state = Task::State::inCall;
    return;
  }
  enterCall(task, registers, verdict != 0);
}

// A call that the task is about to make. `foreign`: not of the x86-64 table.
void Recorder::enterCall(Task& task, user_regs_struct& registers, bool foreign) {
  const std::optional<int64_t> made = showProgramAddress(task, registers);
  const long call = static_cast<long>(registers.orig_rax);
  if (foreign) {
    warnOnce("int80", "task " + std::to_string(task.tid) +
                          " made a 32-bit system call (int 0x80), which cannot be recorded: it gets ENOSYS");
    task.entry = registers;
    task.call = call;
    return refuseCall(task, -ENOSYS);
  }
  takeBuffer(task);
  task.entry = registers;
  task.call = call;
  task.callEntered = true;
  task.enterWritten = false;
  inCalls_.push_back(task.tid);
  task.stdio = 0;
  takeArguments(task);
  task.stashBlocked = false;
  if (made) return madeCall(task, *made);
  if (!task.stashed.empty() && bringDeliverableForward(task)) {
    deliverStashedAtEntry(task);
    return;
  }
  if (task.tracing.traced() && task.tracing.stopsAtCalls()) {
    writeEnter(task);
    task.tracing.skipsCall = task.tracing.resume != Tracing::Resume::untilCall;
    return stopForTracer(task, callStop(task, true), Tracing::Place::callEntry);
  }
  beginCall(task);
}

void Recorder::takeArguments(Task& task) const {
  const user_regs_struct& registers = task.entry;
  const uint64_t arguments[6] = {registers.rdi, registers.rsi, registers.rdx,
                                 registers.r10, registers.r8,  registers.r9};
  memcpy(task.arguments, arguments, sizeof arguments);
}

// The call goes its way.
void Recorder::beginCall(Task& task) {
  const long call = task.call;
  // restart_syscall goes on with the call that was interrupted: its out-parameters are those entered then.
  if (call != SYS_restart_syscall) {
    task.modelCall = call;
    task.out.enter(call, task.arguments, task.space->memory);
    task.comparing = !task.out.modelled();
  }
  if (task.entry.rip >= kVsyscallPage) return vsyscall(task);
  countTrap(task);
  forgetDescriptors(task);
  noteTimeTraced(task);
  if (enterSpecial(task)) return;
  if (task.comparing) task.compare.before(task.tid, task.space->memory, task.arguments);
  // The exec of one thread waits for the ends of all others, which need the tracer.
  const bool mayBlock = isExec(call) || (syscallModel(task.modelCall).mayBlock && !futexEndsAtOnce(task));
  if (mayBlock && !aloneInRecording()) redirectOutParameters(task);
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
  if (!resume(task, PTRACE_CONT)) return lost(task);
  waitFor(task);
  if (placed) memory.writeAll(*returnAddress, &saved, 1);
  if (!placed || !task.pending) return;
  const int status = *task.pending;
  user_regs_struct registers;
  if (!WIFSTOPPED(status) || status >> 8 != SIGTRAP || !getRegisters(task.tid, registers)) return;
  if (registers.rip != *returnAddress + 1) return;
  task.pending.reset();
  registers.rip = *returnAddress;
  if (!setRegisters(task.tid, registers) || !leaveAtEvent(task, registers)) return lost(task);
  std::vector<OutRange> ranges;
  task.out.exit(static_cast<int64_t>(registers.rax), memory, ranges);
  for (const OutRange& range : ranges) writer_.memory(task.tid, memory, range.address, range.length);
  task.state = Task::State::runnable;
  frame(schema::EventKind::kSyscall, task, static_cast<int>(task.call), registers, schema::kFrameVsyscall);
}

// Lets a task go on from the entry of a call. Where another filter is in force, it stands before all filters: ours then
// stops it once more, at once, unless the other refuses the call.
bool Recorder::resumeInCall(Task& task) {
  if (task.atDispatch && !beginDispatchedCall(task)) return false;
  if (task.pending) return true;
  if (!resume(task, PTRACE_SYSCALL)) return false;
  // A filter that notifies a supervisor comes before ours: the supervisor must run meanwhile.
  if (!judged(task) || task.callByOurs || task.notifies) return true;
  int status;
  while (waitpid(task.tid, &status, __WALL) < 0) {
    if (errno != EINTR) return false;
  }
  if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_SECCOMP) return passFilters(task);
  task.pending = status;
  return true;
}

// Lets the kernel do the call, up to its exit stop or as far as it goes without blocking.
void Recorder::runCall(Task& task, bool mayBlock) {
  task.state = Task::State::inCall;
  if (!resumeInCall(task)) return lost(task);
  awaitCall(task, mayBlock || task.notifies);
}

// The kernel has the call: waits for its exit stop, or as long as it may take without blocking.
void Recorder::awaitCall(Task& task, bool mayBlock) {
  if (aloneInRecording()) return;
  if (!mayBlock) return waitFor(task);
  for (int i = 0; i < kYields && !task.pending; i++) {
    sched_yield();
    int status;
    const pid_t tid = waitpid(task.tid, &status, __WALL | WNOHANG);
    if (tid == task.tid) cameFrom(task, status);
  }
  settleFutex(task);
}

// Answers a call that the kernel is not to make any more. One frame tells it all.
void Recorder::answerCall(Task& task, int64_t result, uint8_t flags) {
  user_regs_struct registers = task.entry;
  registers.orig_rax = ~0ULL;
  registers.rax = static_cast<unsigned long long>(result);
  if (!setRegisters(task.tid, registers)) return lost(task);
  registers.orig_rax = static_cast<unsigned long long>(task.call);
  const bool entered = std::exchange(task.callEntered, false) && task.enterWritten;
  task.state = Task::State::runnable;
  frame(entered ? schema::EventKind::kSyscallExit : schema::EventKind::kSyscall, task, static_cast<int>(task.call),
        registers, flags);
  task.answeredAtEntry = true;
  stopAfterCall(task);
}

// Answers a call without the kernel.
void Recorder::refuseCall(Task& task, long result) { answerCall(task, result, schema::kFrameEmulated); }

// A call that the in-tracee runtime has made, and could not write down.
void Recorder::madeCall(Task& task, int64_t result) {
  task.modelCall = task.call;
  task.out.enter(task.call, task.arguments, task.space->memory);
  static thread_local std::vector<OutRange> ranges;
  ranges.clear();
  task.out.exit(result, task.space->memory, ranges);
  for (const OutRange& range : ranges) writer_.memory(task.tid, task.space->memory, range.address, range.length);
  answerCall(task, result, 0);
}

// True when the call was dealt with and must not be run by the caller.
bool Recorder::enterSpecial(Task& task) {
  const long call = task.call;
  if (task.strict && !allowedByStrictMode(call)) {
    // What the kernel does to it (seccomp(2)).
    kill(task.threadGroup, SIGKILL);
    lost(task);
    return true;
  }
  if (isUnsupported(call) && (call != SYS_userfaultfd || static_cast<unsigned>(task.arguments[0]) < kUserFaultFlags)) {
    warnOnce(syscallModel(call).name, std::string("the program uses ") + syscallModel(call).name +
                                          ", which is not supported under a recording: it gets ENOSYS");
    refuseCall(task, -ENOSYS);
    return true;
  }
  if (isRefused(call)) {
    refuseCall(task, -ENOSYS);
    return true;
  }
  if (neverReturns(call)) {
    writeEnter(task);
    return false;
  }
  if (call == SYS_clone && (task.arguments[0] & CLONE_UNTRACED)) {
    // The child would be none of ours, and all its calls answered with ENOSYS.
    user_regs_struct registers = task.entry;
    registers.rdi &= ~uint64_t{CLONE_UNTRACED};
    if (!setRegisters(task.tid, registers)) lost(task);
    return task.state == Task::State::dying;
  }
  if (isExec(call)) foreseeExecWrites(task);
  if (makesTask(call) || isExec(call)) return false;
  if (enterMemoryCall(task)) return true;
  if (writesFromMemory(call) || transferOf(call) || call == SYS_tee || call == SYS_vmsplice) {
    enterOutput(task);
    if (!task.stdio || writesFromMemory(call) || call == SYS_sendfile || call == SYS_copy_file_range) return false;
    // The bytes pass through the kernel alone and cannot be seen. EINVAL makes programs fall back to read and write.
    refuseCall(task, -EINVAL);
    return true;
  }
  switch (call) {
    case SYS_ptrace:
      ptraceCall(task);
      return true;
    case SYS_wait4:
    case SYS_waitid:
      return enterWait(task);
    case SYS_seccomp:
    case SYS_prctl: {
      const bool filter = call == SYS_prctl ? static_cast<int>(task.arguments[0]) == PR_SET_SECCOMP
                                            : static_cast<unsigned>(task.arguments[0]) <= SECCOMP_SET_MODE_FILTER;
      // The program's filter is in force like ours. Where it refuses a call ours is not asked, so from then on the task
      // stops at every entry and exit (PTRACE_SYSCALL); the entry stop comes before all filters (ptrace(2)).
      task.installsFilter = filter;
      if (enterFilterCall(task)) return true;
      // So does Linux before 5.11. What the kernel then does to calls cannot be replayed, and we may need it ourselves.
      if (call == SYS_prctl && static_cast<int>(task.arguments[0]) == kSetUserDispatch) {
        refuseCall(task, -EINVAL);
        return true;
      }
      // The program's filter is to see the program's own instructions; without this it sees ours, and judges the same.
      if (filter && task.dispatched && !setDispatch(task, false)) debug(task, "still dispatched: %s", strerror(errno));
      if (call == SYS_prctl && static_cast<int>(task.arguments[0]) == PR_SET_TSC) {
        const int mode = static_cast<int>(task.arguments[1]);
        const bool valid = mode == PR_TSC_ENABLE || mode == PR_TSC_SIGSEGV;
        if (valid) task.ownTscTrap = mode == PR_TSC_SIGSEGV;
        refuseCall(task, valid ? 0 : -EINVAL);
        return true;
      }
      // Memory that is not dumpable is closed to a tracer without privilege, from the next fork on: it stays open, and
      // the program is told what it has set.
      if (call == SYS_prctl && static_cast<int>(task.arguments[0]) == PR_SET_DUMPABLE && geteuid() != 0 &&
          task.arguments[1] <= 1) {
        task.space->undumpable = task.arguments[1] == 0;
        refuseCall(task, 0);
        return true;
      }
      if (call == SYS_prctl && static_cast<int>(task.arguments[0]) == PR_GET_DUMPABLE && task.space->undumpable) {
        refuseCall(task, 0);
        return true;
      }
      return false;
    }
    case SYS_process_madvise:
      // What changes memory is refused, as by kernels before Linux 6.13, which did that to other processes only.
      switch (static_cast<int>(task.arguments[3])) {
        case MADV_COLD:
        case MADV_PAGEOUT:
        case MADV_WILLNEED:
        case kCollapse:
          return false;
        default:
          refuseCall(task, -EINVAL);
          return true;
      }
    case SYS_madvise:
      // MADV_FREE lets the kernel drop pages whenever it likes: DONTNEED is one of the outcomes, and a fixed one.
      if (static_cast<int>(task.arguments[2]) == MADV_FREE) {
        user_regs_struct registers = task.entry;
        registers.rdx = MADV_DONTNEED;
        task.changedArgument = task.arguments[2];
        if (!setRegisters(task.tid, registers)) {
          lost(task);
          return true;
        }
      }
      return false;
    default:
      return enterScheduling(task);
  }
}

// Remembers where a call that writes to our standard output or error takes its bytes from.
void Recorder::enterOutput(Task& task) {
  const Transfer* transfer = transferOf(task.call);
  const int output = static_cast<int>(task.arguments[transfer ? transfer->output : task.call == SYS_tee ? 1 : 0]);
  task.stdio = stdio_.target(task.tid, output);
  if (task.stdio && options_.markStdio) {
    // The number that the event gets unless the call blocks and others have theirs first.
    dprintf(task.stdio, "[rr %d %llu]", task.threadGroup, static_cast<unsigned long long>(writer_.event()));
  }
  if (!task.stdio || !transfer) return;
  const uint64_t offset = task.arguments[transfer->inputOffset];
  if (offset != 0) {
    task.outputStart = task.space->memory.readValue<uint64_t>(offset).value_or(0);
  } else {
    task.outputStart = descriptorPosition(task.tid, static_cast<int>(task.arguments[transfer->input])).value_or(0);
  }
}

void Recorder::recordOutput(Task& task, int64_t result) {
  const Transfer* transfer = transferOf(task.call);
  if (!transfer || result <= 0) return;
  const Descriptor input(
      open(descriptorPath(task.tid, static_cast<int>(task.arguments[transfer->input])).c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<uint8_t> bytes(64 * 1024);
  uint64_t done = 0;
  while (input && done < static_cast<uint64_t>(result)) {
    const size_t wanted = std::min<uint64_t>(bytes.size(), static_cast<uint64_t>(result) - done);
    const ssize_t got = pread(input.number(), bytes.data(), wanted, static_cast<off_t>(task.outputStart + done));
    if (got <= 0) break;
    writer_.data(task.tid, schema::DataSpace::kOutput, done, bytes.data(), static_cast<uint64_t>(got));
    done += static_cast<uint64_t>(got);
  }
  if (done < static_cast<uint64_t>(result)) {
    warnOnce("output", std::string("what ") + syscallModel(task.call).name +
                           " copied to standard output could not be read again: replay will not print it");
  }
}

void Recorder::callExit(Task& task) {
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return lost(task);
  if (!started_) {
    // The launcher's execve failed: it reports why, and exits.
    task.state = Task::State::inCall;
    if (!resume(task, PTRACE_CONT)) lost(task);
    return;
  }
  if (!task.callEntered) {
    // The exit stop of a call that was entered before the tracer saw it: the child's side of a clone.
    task.state = Task::State::runnable;
    return;
  }
  if (!leaveDispatchedCall(task, registers)) return lost(task);
  if (std::exchange(task.skipped, false)) {
    registers.orig_rax = static_cast<unsigned long long>(task.call);
    if (!setRegisters(task.tid, registers)) return lost(task);
  }
  if (task.changedArgument) {
    registers.rdx = *task.changedArgument;
    task.changedArgument.reset();
    if (!setRegisters(task.tid, registers)) return lost(task);
  }
  if (task.call == SYS_clone && (task.arguments[0] & CLONE_UNTRACED)) {
    registers.rdi = task.arguments[0];
    if (!setRegisters(task.tid, registers)) return lost(task);
  }
  task.stashBlocked = false;
  const bool vforked = task.madeTask && makesByVfork(task);
  if (makesTask(task.call)) returnedFromMaking(task);
  exitSpecial(task, registers);
  const int64_t result = static_cast<int64_t>(registers.rax);
  // A call or command that the kernel does not know wrote nothing that could be missed.
  const bool unknown = result == -ENOSYS || result == -ENOTTY || (task.call == SYS_prctl && result == -EINVAL);
  if (!unknown) {
    if (auto warning = task.out.warning()) warnOnce(*warning, *warning);
  }
  static thread_local std::vector<OutRange> ranges;
  ranges.clear();
  restoreOutParameters(task, registers, ranges);
  if (task.comparing && task.call != SYS_restart_syscall) task.compare.after(task.space->memory, ranges);
  for (const OutRange& range : ranges) writer_.memory(task.tid, task.space->memory, range.address, range.length);
  uint8_t stdio = 0;
  if (task.stdio && result > 0) {
    stdio = task.stdio;
    recordOutput(task, result);
  }
  recordMemoryFileWrites(task, result);
  recordFileWrites(task, result);
  // With a processor each, the target would have acted by now: others have their turn first.
  if (sendsSignal(task.call) && result == 0 && !aloneInRecording()) {
    sched_yield();
    scheduler_.endSlice();
  }
  const bool entered = task.enterWritten;
  task.callEntered = false;
  task.state = Task::State::runnable;
  if (task.patchDue) patchSites(task);
  noteSysChange(task);
  beginDispatch(task, registers);
  if (!leaveAtEvent(task, registers)) return lost(task);
  frame(entered ? schema::EventKind::kSyscallExit : schema::EventKind::kSyscall, task, static_cast<int>(task.call),
        registers, 0, stdio);
  stopAfterCall(task);
  if (vforked && tracerWants(task, PTRACE_O_TRACEVFORKDONE)) {
    task.tracing.due.push_front(eventStop(task, PTRACE_EVENT_VFORK_DONE, static_cast<uint64_t>(task.tracing.made)));
  }
}

void Recorder::exitSpecial(Task& task, user_regs_struct& registers) {
  const int64_t result = static_cast<int64_t>(registers.rax);
  const bool failed = isFailure(result);
  noteChangedCode(task, registers);
  noteSharedViews(task, result);
  switch (task.call) {
    case SYS_mmap:
      if (!failed) recordMmap(task, registers);
      return;
    case SYS_shmat:
      if (!failed) recordShmat(task, registers);
      return;
    case SYS_process_vm_writev:
      if (result > 0) recordRemoteWrites(task, static_cast<uint64_t>(result));
      return;
    case SYS_wait4:
    case SYS_waitid:
      return exitWait(task, registers);
    case SYS_rt_sigaction: {
      if (failed || static_cast<int>(task.arguments[0]) != SIGCHLD || task.arguments[1] == 0) return;
      const auto action = task.space->memory.readValue<KernelSignalAction>(task.arguments[1]);
      if (action) task.sysAction->childStopsUntold = (action->flags & SA_NOCLDSTOP) != 0;
      return;
    }
    case SYS_rt_sigtimedwait:
    case SYS_read:
      showProgramTracer(task, task.call == SYS_read ? result : 0);
      if (task.space->patched.allTraced) childSignalsTaken(task, result);
      return;
    case SYS_set_tid_address:
      task.clearChildTid = task.arguments[0];
      return;
    case SYS_set_robust_list:
      if (!failed) task.robustList = task.arguments[0];
      return;
    case SYS_rt_sigreturn: {
      std::vector<uint8_t> area;
      if (getXsave(task.tid, area)) {
        writer_.data(task.tid, schema::DataSpace::kXsave, 0, area.data(), area.size());
      }
      return;
    }
    case SYS_seccomp:
      noteFilter(task, failed);
      return;
    case SYS_prctl:
      noteFilter(task, failed);
      // The program's rdtsc traps because we want it to: it is told what it set itself.
      if (!failed && static_cast<int>(task.arguments[0]) == PR_GET_TSC) {
        const int mode = task.ownTscTrap ? PR_TSC_SIGSEGV : PR_TSC_ENABLE;
        task.space->memory.writeAll(task.arguments[1], &mode, sizeof mode);
      }
      return;
    default:
      return exitScheduling(task, registers);
  }
}

// `fresh`: its times do not tell whether it is the file that the store has.
bool Recorder::storeFile(int descriptor, MappingFacts& facts, bool fresh) {
  struct stat identity;
  if (fstat(descriptor, &identity) != 0 || !S_ISREG(identity.st_mode)) return false;
  const auto hash = store_.put(descriptor, identity, fresh);
  if (!hash) {
    warnOnce("store", store_.error() + ": mapped files go into the trace itself");
    return false;
  }
  facts.device = identity.st_dev;
  facts.inode = identity.st_ino;
  facts.fileSize = static_cast<uint64_t>(identity.st_size);
  facts.source = schema::MappingSource::kStore;
  memcpy(facts.hash, hash->data(), sizeof facts.hash);
  return true;
}

void Recorder::recordMmap(Task& task, const user_regs_struct& registers) {
  MappingFacts facts;
  facts.address = registers.rax;
  facts.length = (task.arguments[1] + 4095) & ~4095ULL;
  facts.protection = static_cast<uint32_t>(task.arguments[2]);
  facts.flags = static_cast<uint32_t>(task.arguments[3]);
  const int fd = static_cast<int>(task.arguments[4]);
  const std::string link = descriptorPath(task.tid, fd);
  struct stat identity = {};
  const bool named = !(facts.flags & MAP_ANONYMOUS) && stat(link.c_str(), &identity) == 0;
  // Memory of /dev/zero is anonymous memory.
  if (named && S_ISCHR(identity.st_mode) && identity.st_rdev == makedev(1, 5)) facts.flags |= MAP_ANONYMOUS;
  if (facts.flags & MAP_ANONYMOUS) {
    writer_.mapping(task.tid, facts);
    return;
  }
  facts.offset = task.arguments[5];
  char target[4096];
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  if (length > 0) facts.path = std::string_view(target, static_cast<size_t>(length));
  const bool shared = (facts.flags & MAP_TYPE) != MAP_PRIVATE;
  const bool regular = named && S_ISREG(identity.st_mode);
  bool contentNeeded = true;  // by data records
  const Descriptor file(regular ? open(link.c_str(), O_RDONLY | O_CLOEXEC) : -1);
  if (regular) {
    facts.device = identity.st_dev;
    facts.inode = identity.st_ino;
    facts.fileSize = static_cast<uint64_t>(identity.st_size);
    const bool seen = shared && sharedFiles_.seen(facts.device, facts.inode);
    if (shared && file && replayHasContent(file.number(), identity)) {
      contentNeeded = false;
    } else if (file && storeFile(file.number(), facts, !shared && sharedFiles_.seen(facts.device, facts.inode))) {
      contentNeeded = seen;
    }
    if (shared && contentNeeded == seen) sharedFiles_.setChanged(facts.device, facts.inode, false);
    if (!shared) {
      notePrivateFile(facts);
    } else {
      sharedFiles_.add(facts.device, facts.inode, {task.space, facts.address, facts.length, facts.offset});
      if (!seen) updateAllLocals();
    }
  }
  if (facts.source != schema::MappingSource::kStore) facts.source = schema::MappingSource::kRecorded;
  writer_.mapping(task.tid, facts);
  if (regular) noteText(task, facts);
  if (contentNeeded) writer_.memory(task.tid, task.space->memory, facts.address, facts.length);
  if (file) replaceRandom(task, file.number(), facts);
}

// In code that a task has mapped from a file, for itself alone.
void Recorder::replaceRandom(Task& task, int descriptor, const MappingFacts& facts) {
  if (!(facts.protection & PROT_EXEC) || (facts.flags & MAP_TYPE) != MAP_PRIVATE) return;
  for (const uint64_t offset : randomInstructions_.inFile(descriptor, facts.offset, facts.length)) {
    const uint64_t address = facts.address + offset;
    if (!task.space->memory.writeAll(address, &kRandomTrapOpcode, sizeof kRandomTrapOpcode)) return lost(task);
    writer_.memory(task.tid, task.space->memory, address, sizeof kRandomTrapOpcode);
  }
}

// process_vm_writev wrote `bytes` bytes into another process: the remote buffers, in their order.
void Recorder::recordRemoteWrites(Task& task, uint64_t bytes) {
  auto target = tasks_.find(static_cast<pid_t>(task.arguments[0]));
  if (target == tasks_.end()) return;  // not of this recording
  for (uint64_t i = 0; i < task.arguments[4] && bytes > 0; i++) {
    const auto buffer = task.space->memory.readValue<iovec>(task.arguments[3] + i * sizeof(iovec));
    if (!buffer) return;
    const uint64_t length = std::min<uint64_t>(buffer->iov_len, bytes);
    writer_.memory(target->first, target->second->space->memory, reinterpret_cast<uint64_t>(buffer->iov_base), length);
    bytes -= length;
  }
}

// The mapping and what it holds now; a segment that several tasks attach is one memory in replay by its id.
void Recorder::recordShmat(Task& task, const user_regs_struct& registers) {
  MappingFacts facts;
  facts.address = registers.rax;
  for (const MapLine& line : readMaps(task.tid)) {
    if (line.start != facts.address) continue;
    facts.length = line.end - line.start;
    facts.protection = PROT_READ | (line.writable ? PROT_WRITE : 0) | (line.executable ? PROT_EXEC : 0);
    facts.flags = MAP_SHARED;
    facts.device = makedev(line.deviceMajor, line.deviceMinor);
    facts.inode = line.inode;
    facts.fileSize = facts.length;
    facts.source = schema::MappingSource::kRecorded;
    facts.path = line.name;
    writer_.mapping(task.tid, facts);
    writer_.memory(task.tid, task.space->memory, facts.address, facts.length);
    return;
  }
}

}  // namespace rr
