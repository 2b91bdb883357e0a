// The calls that need more than the table says, at their entry and exit.
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "generated/syscalls.h"
#include "launcher/nested.h"
#include "record/call-kinds.h"
#include "record/call-result.h"
#include "record/recorder.h"
#include "record/signal-state/forced-fault.h"
#include "record/tracing/child-signals.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// MADV_COLLAPSE, since Linux 6.1.
constexpr int kCollapse = 25;

// Calls that the recorder answers with ENOSYS; libraries fall back (DESIGN.md, "Recording"). The memory of
// memfd_secret(2) is closed to tracers.
bool isRefused(long call) {
  return call == SYS_rseq || call == SYS_io_uring_setup || call == SYS_io_uring_enter ||
         call == SYS_io_uring_register || call == SYS_io_setup || call == SYS_memfd_secret;
}

// The same for those that programs cannot do without: they are told. Memory would change behind every event.
bool isUnsupported(long call) { return call == SYS_userfaultfd || call == SYS_remap_file_pages; }

// The flags of userfaultfd(2) are below; the kernel refuses others itself.
constexpr uint64_t kUserFaultFlags = O_CLOEXEC << 1;

// Of /dev/userfaultfd: makes what userfaultfd(2) makes (linux/userfaultfd.h).
constexpr uint32_t kNewUserFault = 0xaa00;

bool opensUserFault(const Task& task) {
  if (task.call != SYS_ioctl || static_cast<uint32_t>(task.arguments[1]) != kNewUserFault) return false;
  char target[32];
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return length > 0 && std::string_view(target, static_cast<size_t>(length)) == "/dev/userfaultfd";
}

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
  if (opensUserFault(task)) {
    log_.warnOnce("userfaultfd",
                  "the program uses /dev/userfaultfd, which is not supported under a recording: it gets ENOTTY");
    refuseCall(task, -ENOTTY);
    return true;
  }
  if (isUnsupported(call) && (call != SYS_userfaultfd || static_cast<unsigned>(task.arguments[0]) < kUserFaultFlags)) {
    log_.warnOnce(syscallModel(call).name, std::string("the program uses ") + syscallModel(call).name +
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
    if (!setRegisters(task.tid, registers)) tree_.lost(task);
    return task.state == Task::State::dying;
  }
  // The same, with flags that stand in the program's memory: libraries then do without clone3.
  if (call == SYS_clone3 && (task.making.flags & CLONE_UNTRACED)) {
    refuseCall(task, -ENOSYS);
    return true;
  }
  if (isExec(call)) endWrites_.foreseeExec(task);
  if (makesTask(call) || isExec(call)) return false;
  if (enterMemoryCall(task)) return true;
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
      return enterSecurityCall(task);
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
  if (answer.kind == EntryAnswer::Kind::lost) tree_.lost(task);
  if (answer.kind == EntryAnswer::Kind::answered) refuseCall(task, answer.result);
  return answer.kind != EntryAnswer::Kind::none;
}

// seccomp(2) and prctl(2): true when the call was dealt with.
bool Recorder::enterSecurityCall(Task& task) {
  const long call = task.call;
  const bool prctl = call == SYS_prctl;
  const int option = static_cast<int>(task.arguments[0]);
  const bool filter =
      prctl ? option == PR_SET_SECCOMP : static_cast<unsigned>(task.arguments[0]) <= SECCOMP_SET_MODE_FILTER;
  // The program's filter is in force like ours. Where it refuses a call ours is not asked, so from then on the task
  // stops at every entry and exit (PTRACE_SYSCALL); the entry stop comes before all filters (ptrace(2)).
  task.filters.installs = filter;
  if (enterFilterCall(task)) return true;
  if (prctl && option == RR_LEAVE_AT_EXEC) {
    task.leavesAtExec = true;
    refuseCall(task, 0);
    return true;
  }
  // So does Linux before 5.11. What the kernel then does to calls cannot be replayed, and we may need it ourselves.
  if (prctl && option == kSetUserDispatch) {
    refuseCall(task, -EINVAL);
    return true;
  }
  // The program's filter is to see the program's own instructions; without this it sees ours, and judges the same.
  if (filter && task.filters.dispatched && !dispatch_.set(task, false))
    log_.debug(task, "still dispatched: %s", strerror(errno));
  if (prctl && option == PR_SET_TSC) {
    const int mode = static_cast<int>(task.arguments[1]);
    const bool valid = mode == PR_TSC_ENABLE || mode == PR_TSC_SIGSEGV;
    if (valid) task.ownTscTrap = mode == PR_TSC_SIGSEGV;
    refuseCall(task, valid ? 0 : -EINVAL);
    return true;
  }
  // Memory that is not dumpable is closed to a tracer without privilege, from the next fork on: it stays open, and
  // the program is told what it has set.
  if (prctl && option == PR_SET_DUMPABLE && geteuid() != 0 && task.arguments[1] <= 1) {
    task.space->undumpable = task.arguments[1] == 0;
    refuseCall(task, 0);
    return true;
  }
  if (prctl && option == PR_GET_DUMPABLE && task.space->undumpable) {
    refuseCall(task, 0);
    return true;
  }
  return false;
}

void Recorder::exitSpecial(Task& task, user_regs_struct& registers) {
  const int64_t result = static_cast<int64_t>(registers.rax);
  const bool failed = isFailure(result);
  noteChangedCode(task, registers);
  replacedCode_.noteReplacedCode(task, registers);
  fileWrites_.noteSharedViews(task, result);
  sharedMemory_.note(task, result);
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
      return schedulingCalls_.exit(task, registers);
  }
}

}  // namespace rr
