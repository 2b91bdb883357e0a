// Signals that act now: the kernel's handler frames, and signals that were put off.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record/call-result.h"
#include "record/recorder.h"
#include "record/signal-state/forced-fault.h"
#include "record/signal-state/signal-kinds.h"
#include "record/signal-state/stashed-signals.h"
#include "record/stops/at-event.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// What the recorder's own signals carry: nobody else knows its address.
const char kOwnMark = 0;

// Sends a signal by which a signal-delivery stop is asked for. The sender would not do to tell it by: a task in another
// pid namespace is told of none. False with errno set.
bool sendOwn(const Task& task, int signal) {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = SI_QUEUE;
  info.si_pid = getpid();
  info.si_value.sival_ptr = const_cast<char*>(&kOwnMark);
  return syscall(SYS_rt_tgsigqueueinfo, task.threadGroup, task.tid, signal, &info) == 0;
}

// Byte length of the signal frame that the kernel built, which starts at rsp: up to the end of the XSAVE area, whose
// size stands in its own header (struct _fpx_sw_bytes in asm/sigcontext.h, at byte 464 of the area).
uint64_t signalFrameLength(const TraceeMemory& memory, uint64_t rsp) {
  // Frame: return address (8 bytes), ucontext; in it flags, link, stack (40 bytes), then sigcontext with fpstate at
  // 184.
  constexpr uint64_t kFpstatePointer = 8 + 40 + 184;
  constexpr uint64_t kSoftwareBytes = 464;
  constexpr uint32_t kMagic = 0x46505853;                     // FP_XSTATE_MAGIC1
  constexpr uint64_t kWithoutXsave = 8 + 40 + 256 + 8 + 128;  // up to the siginfo's end
  const auto area = memory.readValue<uint64_t>(rsp + kFpstatePointer);
  if (!area || *area < rsp || *area > rsp + 65536) return kWithoutXsave;
  struct {
    uint32_t magic, extendedSize;
  } header;
  if (!memory.readAll(*area + kSoftwareBytes, &header, sizeof header)) return kWithoutXsave;
  const uint64_t size = header.magic == kMagic && header.extendedSize < 65536 ? header.extendedSize : 512;
  return *area + size - rsp;
}

}  // namespace

bool isOwnSignal(const siginfo_t& info) { return info.si_code == SI_QUEUE && info.si_value.sival_ptr == &kOwnMark; }

// At a signal-delivery stop: records the signal, lets the kernel build the handler's frame, records that.
void Recorder::deliver(Task& task, const siginfo_t& info, const user_regs_struct& registers, uint8_t flags) {
  const int signal = info.si_signo;
  if (ptrace(PTRACE_SETSIGINFO, task.tid, 0, &info) != 0) return tree_.lost(task);
  callBuffer_.take(task);
  writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &info, sizeof info);
  events_.frame(schema::EventKind::kSignal, task, signal, registers, flags);
  // A step into a handler stops at its first instruction, before executing it (signal_setup_done in the kernel).
  if (!resume(task, PTRACE_SINGLESTEP, signal)) return tree_.lost(task);
  waits_.waitFor(task);
  if (!task.pending) return;
  const int status = *task.pending;
  if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP || (status >> 16) != 0) {
    task.signals.hadNoRoom = WIFSTOPPED(status) && WSTOPSIG(status) == SIGSEGV && (status >> 16) == 0;
    return;  // no room for the frame, or killed
  }
  siginfo_t step = {};
  user_regs_struct handler;
  if (ptrace(PTRACE_GETSIGINFO, task.tid, 0, &step) != 0 || !getRegisters(task.tid, handler)) return tree_.lost(task);
  task.pending.reset();
  const user_regs_struct entered = handler;
  handler.orig_rax = ~0ULL;
  writer_.memory(task.tid, task.space->memory, handler.rsp, signalFrameLength(task.space->memory, handler.rsp));
  std::vector<uint8_t> area;
  if (getXsave(task.tid, area)) writer_.data(task.tid, schema::DataSpace::kXsave, 0, area.data(), area.size());
  task.state = Task::State::runnable;
  events_.frame(schema::EventKind::kSignalHandler, task, signal, handler);
  noteMask(task);
  if (task.filters.dispatched && signal == SIGSYS) dispatch_.learnAction(task);
  // SA_RESETHAND: the action was for once.
  if (signal == SIGSEGV && !contains(readSignalSets(task.tid).caught, SIGSEGV)) {
    task.signals.sysAction->faultHandler = kDefaultHandler;
  }
  if (!leaveAtEvent(task, entered)) tree_.lost(task);
}

// At the entry stop of a call, with signals put off before: the call is taken back, and the signal delivered instead.
// A stashed signal can be injected only from a signal-delivery stop, so one is asked for by a signal of ours.
void Recorder::deliverStashedAtEntry(Task& task) {
  task.callEntered = false;
  user_regs_struct registers = task.entry;
  registers.rip -= 2;
  registers.rax = registers.orig_rax;
  registers.orig_rax = ~0ULL;
  if (!setRegisters(task.tid, registers)) return tree_.lost(task);
  injectStashed(task, registers, schema::kFrameAtSyscallEntry);
}

// Delivers the first stashed signal to a task that stands at `registers` in user mode.
void Recorder::injectStashed(Task& task, const user_regs_struct& registers, uint8_t flags, bool approved) {
  const siginfo_t stashed = task.signals.stashed.front();
  if (!sendOwn(task, stashed.si_signo)) return tree_.lost(task);
  task.state = Task::State::inCall;  // stops before its next instruction
  if (!resume(task, PTRACE_CONT)) return tree_.lost(task);
  waits_.waitFor(task);
  if (filters_.concern(task) && task.pending && *task.pending >> 16 == PTRACE_EVENT_SECCOMP) {
    // The stop of our own filter, for the call that was taken back at its entry stop.
    task.pending.reset();
    if (!resume(task, PTRACE_CONT)) return tree_.lost(task);
    waits_.waitFor(task);
  }
  // A SIGCONT stops the task twice: the tracer hears first that it goes on.
  while (stashed.si_signo == SIGCONT && task.pending && *task.pending >> 8 == (SIGTRAP | PTRACE_EVENT_STOP << 8)) {
    task.pending.reset();
    if (!resume(task, PTRACE_CONT)) return tree_.lost(task);
    waits_.waitFor(task);
  }
  if (!task.pending) return;
  const int status = *task.pending;
  if (!WIFSTOPPED(status) || (status >> 16) != 0 || WSTOPSIG(status) == (SIGTRAP | 0x80)) return;
  siginfo_t fresh = {};
  if (ptrace(PTRACE_GETSIGINFO, task.tid, 0, &fresh) != 0) return tree_.lost(task);
  task.pending.reset();
  // Another signal came first: it waits its turn behind the stashed one, and ours is recognised when it comes.
  if (!isOwn(fresh, signalBit(stashed.si_signo))) {
    task.signals.own |= signalBit(stashed.si_signo);
    task.signals.stashed.push_back(fresh);
  }
  task.signals.stashed.pop_front();
  task.signals.stashedAt = monotonicNow();
  task.state = Task::State::runnable;
  if (task.tracing.traced() && !approved) {
    if (flags & schema::kFrameAtSyscallEntry) {
      writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &stashed, sizeof stashed);
      events_.frame(schema::EventKind::kSignal, task, stashed.si_signo, registers, flags);
    }
    task.stops.inMidCode = false;
    task.tracing.due.push_back({Tracing::Stop::Kind::signal, stashed.si_signo, stashed});
    return;
  }
  const SignalSets sets = readSignalSets(task.tid);
  if (contains(sets.caught, stashed.si_signo)) return deliver(task, stashed, registers, flags);
  if (contains(sets.ignored, stashed.si_signo) || defaultAction(stashed.si_signo) == DefaultAction::ignore) return;
  if (ptrace(PTRACE_SETSIGINFO, task.tid, 0, &stashed) != 0) return tree_.lost(task);
  task.signals.resumeSignal = stashed.si_signo;
  if (defaultAction(stashed.si_signo) != DefaultAction::end) return;
  writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &stashed, sizeof stashed);
  events_.frame(schema::EventKind::kSignal, task, stashed.si_signo, registers,
                static_cast<uint8_t>(flags | schema::kFrameFatal));
}

}  // namespace rr
