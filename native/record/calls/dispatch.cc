#include "record/calls/dispatch.h"

#include <errno.h>
#include <linux/audit.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "record/call-result.h"
#include "record/signal-state/forced-fault.h"
#include "record/signal-state/stashed-signals.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr uint64_t kSysBit = 1ULL << (SIGSYS - 1);
// Modes of both interfaces.
constexpr uint64_t kOff = 0;
constexpr uint64_t kOn = 1;
// PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG and its struct ptrace_sud_config (linux/ptrace.h).
constexpr int kSetDispatch = 0x4210;
struct DispatchConfiguration {
  uint64_t mode, selector, offset, length;
};
// What the tracer's own calls read and write: the far end of the hook's stack, which is used from the top.
constexpr uint64_t kPlace = RR_LOCALS + 4096;
static_assert(RR_STACK_TOP - kPlace > 16384);

bool sendsSys(const Task& timerCreate) {
  const uint64_t event = timerCreate.arguments[1];
  return event != 0 &&
         timerCreate.space->memory.readValue<int>(event + offsetof(sigevent, sigev_signo)).value_or(0) == SIGSYS;
}

}  // namespace

bool dispatchPossible() { return prctl(kSetUserDispatch, kOff, 0UL, 0UL, 0UL) == 0; }

bool Dispatch::set(Task& task, bool on) {
  DispatchConfiguration configuration = {on ? kOn : kOff, 0, on ? kRuntimePage : 0, on ? kRuntimePageSize : 0};
  if (ptrace(static_cast<__ptrace_request>(kSetDispatch), task.tid, sizeof configuration, &configuration) != 0) {
    if (errno == ESRCH) return false;
    // Before Linux 6.4 the task can only do it itself.
    const uint64_t arguments[6] = {
        kSetUserDispatch, configuration.mode, configuration.offset, configuration.length, 0, 0};
    const long result = syscallByStops(task.tid, SYS_prctl, arguments);
    if (result != 0) {
      errno = static_cast<int>(-result);
      return false;
    }
  }
  task.filters.dispatched = on;
  return true;
}

void Dispatch::begin(Task& task, const user_regs_struct& registers) {
  PatchedSites& patched = task.space->patched;
  if (!filters_.outer() || task.filters.dispatched || task.filters.own || patched.allTraced) return;
  if (patched.runtime != PatchedSites::Runtime::installed || isRestart(static_cast<int64_t>(registers.rax))) return;
  const auto mask = signalMask(task.tid);
  if (!mask) return tree_.lost(task);
  if (!task.signals.sysAction->known) learnAction(task);
  if (task.signals.sysAction->known && set(task, true)) {
    task.signals.sysBlocked = (*mask & kSysBit) != 0;
    log_.debug(task, "its calls are dispatched");
    return;
  }
  log_.debug(task, "its calls cannot be dispatched: %s", strerror(errno));
  patched.allTraced = true;
  locals_.update(*task.space);
}

void Dispatch::learnAction(Task& task) {
  SysAction& action = *task.signals.sysAction;
  action.known = false;
  action.value = {};
  const SignalSets sets = readSignalSets(task.tid);
  if (!contains(sets.caught, SIGSYS) && !contains(sets.ignored, SIGSYS)) {
    action.known = true;
    return;
  }
  const uint64_t arguments[6] = {SIGSYS, 0, kPlace, kSignalSetSize, 0, 0};
  const long result = syscallByStops(task.tid, SYS_rt_sigaction, arguments);
  action.known = result == 0 && task.space->memory.readAll(kPlace, &action.value, sizeof action.value);
}

void Dispatch::noteChange(Task& task) {
  if (task.call == SYS_rt_sigprocmask || task.call == SYS_rt_sigreturn) noteMask(task);
  if (!filters_.outer()) return;
  if (task.call == SYS_timer_create && sendsSys(task)) {
    task.space->patched.allTraced = true;
    locals_.update(*task.space);
  }
  if (task.call == SYS_rt_sigaction && task.arguments[0] == SIGSYS && task.signals.sysAction->known) learnAction(task);
}

Dispatch::Entry Dispatch::takeCall(Task& task, const siginfo_t& signal, bool own, user_regs_struct& registers) {
  constexpr uint64_t kMaskChange = RR_LOCALS + offsetof(rr_locals, maskChange);
  RuntimeLocals::noteBufferedMask(task, task.space->memory.readValue<uint64_t>(kMaskChange).value_or(0));
  const bool forced = signal.si_signo == SIGSYS && signal.si_code == kUserDispatched;
  if (!forced) {
    log_.debug(task, "signal %d, code %d, in the place of a dispatched call's", signal.si_signo, signal.si_code);
    // The kernel keeps one signal of a kind: a SIGSYS of the program's that waited for the task has taken the place of
    // the forced one. If it is blocked it goes back to wait, which only this very stop can tell the kernel.
    if (signal.si_signo == SIGSYS && task.signals.sysBlocked) {
      const uint64_t none[6] = {};
      if (syscallByStops(task.tid, SYS_getpid, none, kUntracedSyscall, SIGSYS) < 0)
        return tree_.lost(task), Entry::lost;
    } else if (!own) {
      stash(task, signal);
    }
  }
  if (!undoForcedSignal(task)) return tree_.lost(task), Entry::lost;
  task.filters.atDispatch = true;
  task.filters.dispatchAddress = registers.rip - kSyscallLength;
  // As at the entry of any call.
  registers.rax = static_cast<unsigned long long>(-ENOSYS);
  return forced && signal.si_arch != AUDIT_ARCH_X86_64 ? Entry::foreign : Entry::ours;
}

bool Dispatch::undoForcedSignal(Task& task) {
  const SysAction& action = *task.signals.sysAction;
  if (task.signals.sysBlocked) {
    const auto mask = signalMask(task.tid);
    if (!mask || !setSignalMask(task.tid, *mask | kSysBit)) return false;
  }
  if (action.value.handler == kDefaultHandler || !(task.signals.sysBlocked || action.value.handler == kIgnoreHandler))
    return true;
  const uint64_t arguments[6] = {SIGSYS, kPlace, 0, kSignalSetSize, 0, 0};
  return task.space->memory.writeAll(kPlace, &action.value, sizeof action.value) &&
         syscallByStops(task.tid, SYS_rt_sigaction, arguments) == 0;
}

bool Dispatch::enterKernel(Task& task) {
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return false;
  task.filters.atDispatch = false;
  task.filters.callByOurs = task.filters.dispatched;
  registers.rip = task.filters.dispatched ? kUntracedSyscall : task.filters.dispatchAddress;
  registers.rax = task.waitPaused ? SYS_pause : task.entry.orig_rax;
  registers.orig_rax = ~0ULL;
  // Signals that wait for the task interrupt the call, and do not come before it.
  constexpr int kCallStop = SIGTRAP | 0x80;
  const Waits::Masked came = waits_.runMasked(task, registers, PTRACE_SYSCALL, kCallStop, "the entry of a call");
  if (came != Waits::Masked::arrived) return came == Waits::Masked::elsewhere;
  if (task.filters.callByOurs) return true;
  if (!getRegisters(task.tid, registers)) return false;
  registers.rip = registers.rcx = task.entry.rip;
  return setRegisters(task.tid, registers);
}

bool Dispatch::leaveEntry(Task& task) {
  if (task.filters.atDispatch) return true;
  user_regs_struct registers = task.entry;
  registers.orig_rax = ~0ULL;
  task.state = Task::State::inCall;
  if (!setRegisters(task.tid, registers) || !resume(task, PTRACE_SYSCALL)) return tree_.lost(task), false;
  waits_.waitFor(task);
  if (filters_.concern(task) && task.pending && *task.pending >> 16 == PTRACE_EVENT_SECCOMP) {
    task.pending.reset();
    if (!resume(task, PTRACE_SYSCALL)) return tree_.lost(task), false;
    waits_.waitFor(task);
  }
  if (!task.pending || !WIFSTOPPED(*task.pending) || WSTOPSIG(*task.pending) != (SIGTRAP | 0x80)) return false;
  task.pending.reset();
  return true;
}

bool Dispatch::leaveKernel(Task& task, user_regs_struct& registers) {
  if (!std::exchange(task.filters.callByOurs, false) || task.call == SYS_rt_sigreturn) return true;
  registers.rip = registers.rcx = task.entry.rip;
  return setRegisters(task.tid, registers);
}

}  // namespace rr
