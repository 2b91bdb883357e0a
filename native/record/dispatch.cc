// Calls of a process with the in-tracee runtime where somebody else's seccomp filter is in force, as in a container.
//
// Such a filter outranks ours: a call that it refuses never stops. Stopping all calls at their entry (PTRACE_SYSCALL)
// would stop the runtime's, too, which are to be had without. So the kernel dispatches these tasks' calls
// (Documentation/admin-guide/syscall-user-dispatch.rst): every call from an instruction outside of our page becomes a
// SIGSYS before any filter is asked. At that signal stop the call has been rolled back; the tracer makes it by the
// instruction in our page, between entry and exit stop, and everybody sees the program's own address.
//
// The kernel forces that signal: where the program blocks it, it is unblocked, and where it is blocked or ignored, its
// handler is reset (force_sig_info_to_task in kernel/signal.c). Both are put back before anything else happens. A
// SIGSYS of the program's that waits takes the forced one's place; that of a timer which has been set anew meanwhile is
// then dropped by the kernel (posixtimer_deliver_signal since Linux 6.13), and with it the call: programs with such
// timers are not dispatched.
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
#include "record/recorder.h"
#include "record/task-state.h"
#include "tracee/abi.h"

// Since Linux 5.11 and 6.4; older headers have neither.
#ifndef SYS_USER_DISPATCH
#define SYS_USER_DISPATCH 2
#endif

namespace rr {

namespace {

constexpr uint64_t kSysBit = 1ULL << (SIGSYS - 1);
constexpr uint64_t kEverySignal = ~0ULL;
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

std::optional<uint64_t> signalMask(pid_t tid) {
  uint64_t mask;
  if (ptrace(PTRACE_GETSIGMASK, tid, kSignalSetSize, &mask) != 0) return std::nullopt;
  return mask;
}

bool setSignalMask(pid_t tid, uint64_t mask) { return ptrace(PTRACE_SETSIGMASK, tid, kSignalSetSize, &mask) == 0; }

bool sendsSys(const Task& timerCreate) {
  const uint64_t event = timerCreate.arguments[1];
  return event != 0 &&
         timerCreate.space->memory.readValue<int>(event + offsetof(sigevent, sigev_signo)).value_or(0) == SIGSYS;
}

bool isStopSignal(int signal) {
  return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

}  // namespace

// Whether this kernel dispatches calls, and whoever confines us lets it.
bool dispatchPossible() { return prctl(kSetUserDispatch, kOff, 0UL, 0UL, 0UL) == 0; }

// A filter that is not ours has a say in the task's calls.
bool Recorder::judged(const Task& task) const { return task.ownFilter || (outerFilter_ && started_); }

// How the task is resumed to run user code, so that its next call stops.
int Recorder::userCodeRequest(const Task& task) const {
  return judged(task) && !task.dispatched ? PTRACE_SYSCALL : PTRACE_CONT;
}

// Turns dispatch of a stopped task's calls on or off. False when the kernel refuses.
bool Recorder::setDispatch(Task& task, bool on) {
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
  task.dispatched = on;
  return true;
}

// At the exit stop of a call: from now on the task's calls are dispatched, if that is what it takes to buffer some.
void Recorder::beginDispatch(Task& task, const user_regs_struct& registers) {
  PatchedSites& patched = task.space->patched;
  if (!outerFilter_ || task.dispatched || task.ownFilter || patched.allTraced) return;
  if (patched.runtime != PatchedSites::Runtime::installed || isRestart(static_cast<int64_t>(registers.rax))) return;
  const auto mask = signalMask(task.tid);
  if (!mask) return lost(task);
  if (!task.sysAction->known) learnSysAction(task);
  if (task.sysAction->known && setDispatch(task, true)) {
    task.sysBlocked = (*mask & kSysBit) != 0;
    debug(task, "its calls are dispatched");
    return;
  }
  debug(task, "its calls cannot be dispatched: %s", strerror(errno));
  patched.allTraced = true;
  updateLocals(*task.space);
}

// The kernel's view of the program's action for SIGSYS; `known` when it could be asked.
void Recorder::learnSysAction(Task& task) {
  SysAction& action = *task.sysAction;
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

// What a call of the task may have changed: the mask, or the action for SIGSYS, or a timer that sends it.
void Recorder::noteSysChange(Task& task) {
  if (task.call == SYS_rt_sigprocmask || task.call == SYS_rt_sigreturn) noteMask(task);
  if (!outerFilter_) return;
  if (task.call == SYS_timer_create && sendsSys(task)) {
    task.space->patched.allTraced = true;
    updateLocals(*task.space);
  }
  if (task.call == SYS_rt_sigaction && task.arguments[0] == SIGSYS && task.sysAction->known) learnSysAction(task);
}

// True when the task stands behind a system call instruction whose call was dispatched, which no other stop leaves with
// these registers: leaveAtEvent sees to that. `signal` is the stop's, if it is one.
bool Recorder::isDispatchedCall(const Task& task, const user_regs_struct& registers, const siginfo_t* signal) const {
  if (!task.dispatched || registers.rax != registers.orig_rax) return false;
  const bool traced = registers.rip == runtime_.header().afterTraced;
  if (inHook(task, registers.rip) && !traced) return false;
  if (signal && signal->si_signo == SIGSYS && signal->si_code == SYS_USER_DISPATCH) return true;
  return static_cast<int64_t>(registers.orig_rax) >= 0;
}

// At the stop by the signal that the kernel has forced, or by another one that was there before. `own`: of the
// tracer's.
void Recorder::dispatchedCall(Task& task, const siginfo_t& signal, bool own, user_regs_struct& registers) {
  constexpr uint64_t kMaskChange = RR_LOCALS + offsetof(rr_locals, maskChange);
  noteBufferedMask(task, task.space->memory.readValue<uint64_t>(kMaskChange).value_or(0));
  const bool forced = signal.si_signo == SIGSYS && signal.si_code == SYS_USER_DISPATCH;
  if (!forced) {
    debug(task, "signal %d, code %d, in the place of a dispatched call's", signal.si_signo, signal.si_code);
    // The kernel keeps one signal of a kind: a SIGSYS of the program's that waited for the task has taken the place of
    // the forced one. If it is blocked it goes back to wait, which only this very stop can tell the kernel.
    if (signal.si_signo == SIGSYS && task.sysBlocked) {
      const uint64_t none[6] = {};
      if (syscallByStops(task.tid, SYS_getpid, none, kUntracedSyscall, SIGSYS) < 0) return lost(task);
    } else if (!own) {
      stash(task, signal);
    }
  }
  if (!undoForcedSignal(task)) return lost(task);
  task.atDispatch = true;
  task.dispatchAddress = registers.rip - kSyscallLength;
  // As at the entry of any call.
  registers.rax = static_cast<unsigned long long>(-ENOSYS);
  const bool foreign = forced && signal.si_arch != AUDIT_ARCH_X86_64;
  enterCall(task, registers, foreign);
}

// Gives the program its mask and its action for SIGSYS back.
bool Recorder::undoForcedSignal(Task& task) {
  const SysAction& action = *task.sysAction;
  if (task.sysBlocked) {
    const auto mask = signalMask(task.tid);
    if (!mask || !setSignalMask(task.tid, *mask | kSysBit)) return false;
  }
  if (action.value.handler == kDefaultHandler || !(task.sysBlocked || action.value.handler == kIgnoreHandler))
    return true;
  const uint64_t arguments[6] = {SIGSYS, kPlace, 0, kSignalSetSize, 0, 0};
  return task.space->memory.writeAll(kPlace, &action.value, sizeof action.value) &&
         syscallByStops(task.tid, SYS_rt_sigaction, arguments) == 0;
}

// Takes the kernel into a dispatched call, past the entry stop. While the tracer still dispatches, by the instruction
// of our page; else by the one that was dispatched. False when the task is gone, with another stop pending.
bool Recorder::beginDispatchedCall(Task& task) {
  user_regs_struct registers;
  const auto mask = signalMask(task.tid);
  if (!mask || !getRegisters(task.tid, registers)) return false;
  task.atDispatch = false;
  task.callByOurs = task.dispatched;
  registers.rip = task.dispatched ? kUntracedSyscall : task.dispatchAddress;
  registers.rax = task.waitPaused ? SYS_pause : task.entry.orig_rax;
  registers.orig_rax = ~0ULL;
  // Signals that wait for the task interrupt the call, and do not come before it.
  if (!setRegisters(task.tid, registers) || !setSignalMask(task.tid, kEverySignal)) return false;
  bool sentStop = false;
  for (;;) {
    if (!resume(task, PTRACE_SYSCALL)) return false;
    int status;
    if (!awaitStatus(task.tid, status, "the entry of a call")) return false;
    const int signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    if (signal == (SIGTRAP | 0x80)) break;
    if (signal != 0 && status >> 16 == PTRACE_EVENT_STOP) {
      // Its group is stopped, or an interrupt came too late.
      task.stopAgain |= isStopSignal(signal);
    } else if (signal == SIGSTOP && status >> 16 == 0) {
      sentStop = true;  // cannot be blocked
    } else {
      cameFrom(task, status);
      return true;
    }
  }
  if (!setSignalMask(task.tid, *mask)) return false;
  if (sentStop) kill(task.threadGroup, SIGSTOP);
  if (!task.callByOurs) {
    if (!getRegisters(task.tid, registers)) return false;
    registers.rip = registers.rcx = task.entry.rip;
    if (!setRegisters(task.tid, registers)) return false;
  }
  return true;
}

// At the end of a call: the address that the program made it from. rt_sigreturn goes where it goes.
bool Recorder::leaveDispatchedCall(Task& task, user_regs_struct& registers) {
  if (!std::exchange(task.callByOurs, false) || task.call == SYS_rt_sigreturn) return true;
  registers.rip = registers.rcx = task.entry.rip;
  return setRegisters(task.tid, registers);
}

}  // namespace rr
