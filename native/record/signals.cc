// Signals: which act on the task where it stands, and which wait for its next event.
#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "record/call-result.h"
#include "record/recorder.h"
#include "record/signal-state/forced-fault.h"
#include "record/signal-state/signal-kinds.h"
#include "record/signal-state/stashed-signals.h"
#include "record/stops/at-event.h"
#include "record/tracing/child-signals.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// SYS_SECCOMP (asm-generic/siginfo.h), si_code of SIGSYS.
constexpr int kTrappedByFilter = 1;

// Raised by the task's own instruction: replay will raise it again by itself. si_code is positive for what the kernel
// found (sigaction(2)); timers, I/O and children have their own signals.
bool isDeterministic(const siginfo_t& info) {
  // A perf event's (TRAP_PERF): replay has none.
  constexpr int kPerfEvent = 6;
  if (info.si_code <= 0 || (info.si_signo == SIGTRAP && info.si_code == kPerfEvent)) return false;
  switch (info.si_signo) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
      return true;
    default:
      // SIGSYS too: a filter of the program's raised it at a system call, and replay has no filter.
      return false;
  }
}

// What rdtscp leaves in rcx for a task on this thread's processor: IA32_TSC_AUX as the kernel fills it
// (arch/x86/kernel/cpu/common.c, setup_getcpu). The instruction itself tells of the host's processor under PVM.
uint64_t processorNumber() {
  constexpr unsigned kNodeShift = 12;
  unsigned processor = 0;
  unsigned node = 0;
  syscall(SYS_getcpu, &processor, &node, nullptr);
  return node << kNodeShift | processor;
}

}  // namespace

void Recorder::signalStop(Task& task, int signal) {
  siginfo_t info = {};
  user_regs_struct registers;
  if (ptrace(PTRACE_GETSIGINFO, task.tid, 0, &info) != 0 || !getRegisters(task.tid, registers)) return tree_.lost(task);
  if (!tree_.isStarted()) {
    task.state = Task::State::inCall;
    // The launcher tries rdtsc.
    if (signal == SIGSEGV && info.si_code == SI_KERNEL && !replacedCode_.timeTraps()) {
      replacedCode_.noteTimeTraps();
      timeTrap_.begin();
      log_.debug(task, "rdtsc traps%s", timeTrap_.isActive() ? ", in the tracer, too" : "");
      registers.rip += bytesOf(PatchedInstruction::rdtsc).size();
      registers.orig_rax = ~0ULL;
      if (!setRegisters(task.tid, registers)) return tree_.lost(task);
      signal = 0;
    }
    if (!resume(task, PTRACE_CONT, signal)) tree_.lost(task);
    return;
  }
  task.state = Task::State::runnable;
  if (signal == SIGSEGV) runtime_.showProgramTime(task, registers);
  if (task.threadGroup == tree_.initial().tid) forwarded_.noteSender(info);
  childSignal(info);
  if (signal == SIGCONT && task.tracing.touched) {
    for (auto& [tid, other] : tree_.all()) {
      if (other->threadGroup == task.threadGroup) other->tracing.groupStop = 0;
    }
  }
  // Our own call for a fresh signal stop, when another stop has served already. What is stashed waits for its event.
  const bool own = isOwn(info, task.signals.own);
  if (own) task.signals.own &= ~signalBit(signal);
  if (runtime_.isDispatchedCall(task, registers, &info)) {
    const Dispatch::Entry entry = dispatch_.takeCall(task, info, own, registers);
    if (entry != Dispatch::Entry::lost) enterCall(task, registers, entry == Dispatch::Entry::foreign);
    return;
  }
  if (own || ticks_.isStray(info, registers.rip)) return;
  // The call that a filter has trapped was made for the task by our instruction.
  if (signal == SIGSYS && info.si_code == kTrappedByFilter &&
      info.si_call_addr == reinterpret_cast<void*>(kAfterUntracedSyscall)) {
    info.si_call_addr = reinterpret_cast<void*>(registers.rip);
  }
  // A fault would come again at once, for ever.
  if (signal == options_.ignoreSignal && !isDeterministic(info)) return;
  if (runtime_.inHook(task, registers.rip)) return signalInHook(task, info, registers);
  // No instruction has raised this: the kernel has found no room for the frame of the signal before.
  const bool withoutRoom =
      (std::exchange(task.signals.hadNoRoom, false) || hasBadFrame(task, info, registers)) && signal == SIGSEGV;
  if (signal == SIGSEGV && !withoutRoom && emulateTrapped(task, info, registers)) {
    if (task.tracing.traced()) {
      if (task.tracing.steps()) task.tracing.due.push_back(tracerStops_.stepStop(task, TRAP_TRACE));
      return;
    }
    if (!task.signals.stashed.empty() && bringDeliverableForward(task)) {
      const siginfo_t stashed = task.signals.stashed.front();
      // The stop has been used up to put the action back.
      if (losesFaultHandler(task)) return injectStashed(task, registers, 0);
      task.signals.stashed.pop_front();
      deliver(task, stashed, registers, 0);
    }
    return;
  }
  const bool deterministic = isDeterministic(info) && !withoutRoom;
  const bool ownTrap = deterministic && signal == SIGTRAP;
  if (ownTrap && signal == options_.ignoreSignal) return passOwnTrap(task, info, registers);
  if (tracerStops_.signalForTracer(task, info, registers, deterministic)) return;
  const SignalSets sets = readSignalSets(task.tid);
  log_.debug(task, "signal %d, code %d, at %llx%s", signal, info.si_code, registers.rip,
             deterministic ? ", its own" : "");
  if (contains(sets.caught, signal)) {
    if (deterministic) return deliver(task, info, registers, schema::kFrameDeterministic);
    if (withoutRoom || standsAtEvent(task, registers)) return deliver(task, info, registers, 0);
    // In mid-computation: kept for the next event. The kernel forgets it now.
    stash(task, info);
    return;
  }
  const DefaultAction action = contains(sets.ignored, signal) ? DefaultAction::ignore : defaultAction(signal);
  if (action == DefaultAction::end && signal == options_.continueThroughSignal) {
    if (!isDeterministic(info)) return;
    if (ownTrap) return passOwnTrap(task, info, registers);
  }
  if (action == DefaultAction::end && !isDeterministic(info) && !standsAtEvent(task, registers)) {
    // In mid-computation. It dies at a point that replay finds: others may see what it has done so far in memory that
    // they share, and a debugger shows where a program that hung was.
    stash(task, info);
    return;
  }
  // A process that leads a pid namespace, and has no handler, does not hear of signals that are sent to it.
  const bool leads = action == DefaultAction::end && namespaces_.isLedBy(task.tid);
  if (leads && !deterministic) return;
  if (!leads) task.signals.resumeSignal = signal;
  if (action != DefaultAction::end) return;
  callBuffer_.take(task);
  writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &info, sizeof info);
  events_.frame(schema::EventKind::kSignal, task, signal, registers,
                static_cast<uint8_t>(schema::kFrameFatal | (deterministic ? schema::kFrameDeterministic : 0)));
  if (leads) letDie(task, signal, registers);
}

// A trap of the task's own instruction, behind which it goes on as if nothing had happened.
void Recorder::passOwnTrap(Task& task, const siginfo_t& info, const user_regs_struct& registers) {
  callBuffer_.take(task);
  writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &info, sizeof info);
  events_.frame(schema::EventKind::kSignal, task, info.si_signo, registers, schema::kFrameDeterministic);
  if (!leaveAtEvent(task, registers)) tree_.lost(task);
}

// Whether the kernel has sent this SIGSEGV in rt_sigreturn, since the frame that it was to restore is damaged
// (signal_fault() in the kernel): no instruction has raised it, and replay makes no such call.
bool Recorder::hasBadFrame(const Task& task, const siginfo_t& info, const user_regs_struct& registers) const {
  return info.si_signo == SIGSEGV && info.si_code == SI_KERNEL && task.call == SYS_rt_sigreturn &&
         static_cast<int64_t>(registers.orig_rax) >= 0 && standsAtEvent(task, registers);
}

// A signal has come while the in-tracee runtime makes a call for the task. Those that the program would notice wait
// until it is out of there: its addresses are not for the program.
void Recorder::signalInHook(Task& task, const siginfo_t& info, user_regs_struct& registers) {
  const int signal = info.si_signo;
  if (signal == SIGTRAP && info.si_code == TRAP_TRACE && (registers.eflags & kTrapFlag)) {
    return stepOverStub(task, registers);
  }
  const bool trapped = signal == SIGSYS && info.si_code == kTrappedByFilter;
  if (isDeterministic(info) || trapped) {
    // The hook has touched memory of the program's that is not there, or a filter from outside has trapped its call:
    // it is made traced, and the kernel tells.
    constexpr uint64_t kTimeLength = RR_LOCALS + offsetof(rr_locals, timeLength);
    const bool isTime = task.space->memory.readValue<uint64_t>(kTimeLength).value_or(0) != 0;
    registers.rip = isTime ? runtime_.header().timeAbort : runtime_.header().abort;
    registers.orig_rax = ~0ULL;
    if (!setRegisters(task.tid, registers)) return tree_.lost(task);
    if (signal == SIGSEGV && !undoForcedFault(task)) tree_.lost(task);
    return;
  }
  const SignalSets sets = readSignalSets(task.tid);
  const bool caught = contains(sets.caught, signal);
  const DefaultAction action = contains(sets.ignored, signal) ? DefaultAction::ignore : defaultAction(signal);
  if (!caught && action == DefaultAction::ignore) {
    task.signals.resumeSignal = signal;
    return;
  }
  if (!caught && action == DefaultAction::end) {
    if (signal == options_.continueThroughSignal) return;
    if (tree_.isAlone()) {
      task.signals.resumeSignal = signal;
      return;
    }
  }
  stash(task, info);
  task.stops.atEdge = false;
  if (!edge_.runToEdge(task, registers) || !task.stops.atEdge || !bringDeliverableForward(task)) return;
  edge_.recordEdge(task, registers);
  injectStashed(task, registers, 0);
}

// The program steps itself, by the trap flag, and has been taken to a stub by the jump at a patched instruction: it
// makes the call traced from there, or rdtsc traps, and its next trap comes where it would.
void Recorder::stepOverStub(Task& task, user_regs_struct& registers) {
  const PatchedSites& patched = task.space->patched;
  const auto stub = patched.siteOf.find(registers.rip);
  const auto site = stub == patched.siteOf.end() ? patched.sites.end() : patched.sites.find(stub->second);
  if (site == patched.sites.end()) return;
  const uint64_t length = bytesOf(site->second.instruction).size();
  const uint64_t returnAddress = site->first + length;
  const TraceeMemory& memory = task.space->memory;
  bool told = memory.writeAll(RR_LOCALS + RR_LOCALS_RETURN, &returnAddress, sizeof returnAddress);
  if (site->second.instruction == PatchedInstruction::systemCall) {
    registers.rip = runtime_.header().afterTraced - kSyscallLength;
  } else {
    registers.rip = runtime_.header().timeTrap;
    told = told && memory.writeAll(RR_LOCALS + offsetof(rr_locals, timeLength), &length, sizeof length);
  }
  registers.orig_rax = ~0ULL;
  if (!told || !setRegisters(task.tid, registers)) tree_.lost(task);
}

// Whether a byte that makes an instruction trap may stand there in place of another one (ReplacedByte): a program may
// execute what only the kernel may, and is to get its fault. Code that has been copied elsewhere has the byte, too.
static bool mayBeReplaced(const Task& task, uint64_t address) {
  if (task.space->replaced.contains(address)) return true;
  for (const MapLine& line : readMaps(task.tid)) {
    if (line.start <= address && address < line.end) return line.inode == 0;
  }
  return true;
}

// rdtsc and rdtscp trap by PR_SET_TSC, cpuid where its answers are recorded (Recorder::trapCpuid), rdrand and
// rdseed because they have been replaced (random-instructions.h). True when this was one: it has been carried out and
// recorded.
bool Recorder::emulateTrapped(Task& task, const siginfo_t& info, user_regs_struct& registers) {
  if (info.si_code != SI_KERNEL) return false;
  uint8_t code[15] = {};
  const ssize_t length = task.space->memory.read(registers.rip, code, sizeof code);
  if (length < 2) return false;
  // The runtime has let it trap.
  const auto site = task.space->patched.sites.find(registers.rip);
  const bool isPatched = site != task.space->patched.sites.end();
  if (isPatched) {
    const std::span<const uint8_t> own = bytesOf(site->second.instruction);
    std::copy(own.begin(), own.end(), code);
  }
  const DecodedInstruction decoded = decodeInstruction({code, static_cast<size_t>(length)});
  const auto isReplaced = [&](uint64_t offset, uint8_t trap) {
    return code[offset] == trap && (isPatched || mayBeReplaced(task, registers.rip + offset));
  };
  int kind;
  uint64_t stamp = 0;
  std::optional<PatchedInstruction> time;
  if (code[0] == 0x0f && ((task.space->cpuidTraps && code[1] == 0xa2) ||
                          (replacedCode_.identityReplaced() && isReplaced(1, kCpuidTrapOpcode)))) {
    kind = static_cast<int>(schema::TrapKind::kCpuid);
    unsigned leaf[4];
    const auto function = static_cast<unsigned>(registers.rax);
    const auto part = static_cast<unsigned>(registers.rcx);
    __cpuid_count(function, part, leaf[0], leaf[1], leaf[2], leaf[3]);
    for (const HiddenFeatures& each : options_.hiddenFeatures) {
      // Leaf 1 has one part, whatever ecx says.
      if (each.leaf != function || (each.leaf != 1 && each.subleaf != part)) continue;
      for (size_t i = 0; i < each.bits.size(); i++) leaf[i] &= ~each.bits[i];
    }
    registers.rip += 2;
    registers.rax = leaf[0];
    registers.rbx = leaf[1];
    registers.rcx = leaf[2];
    registers.rdx = leaf[3];
  } else if (decoded && isRandomTrap(decoded.instruction) &&
             isReplaced(decoded.instruction.opcodeOffset, kRandomTrapOpcode)) {
    kind = static_cast<int>(schema::TrapKind::kRandom);
    if (!emulateRandom(decoded.instruction, registers)) return false;
  } else if (task.ownTscTrap) {
    return false;
  } else if (code[0] == 0x0f && (code[1] == 0x31 || (!replacedCode_.timeTraps() && isReplaced(1, kRdtscTrapOpcode)))) {
    kind = static_cast<int>(schema::TrapKind::kRdtsc);
    stamp = sites_.timeStamp(task);
    time = replacedCode_.timeTraps() ? PatchedInstruction::rdtsc : PatchedInstruction::trapForRdtsc;
    registers.rip += 2;
  } else if (code[0] == 0x0f && code[1] == 0x01 &&
             (code[2] == 0xf9 || (!replacedCode_.timeTraps() && isReplaced(2, kRdtscpTrapByte)))) {
    kind = static_cast<int>(schema::TrapKind::kRdtscp);
    registers.rcx = processorNumber();
    stamp = sites_.timeStamp(task);
    time = replacedCode_.timeTraps() ? PatchedInstruction::rdtscp : PatchedInstruction::trapForRdtscp;
    registers.rip += 3;
  } else {
    return false;
  }
  if (time) {
    registers.rax = static_cast<uint32_t>(stamp);
    registers.rdx = stamp >> 32;
  }
  registers.orig_rax = ~0ULL;
  user_regs_struct left = registers;
  left.orig_rax = markOfEvent(task, registers);
  if (!setRegisters(task.tid, left)) {
    tree_.lost(task);
    return true;
  }
  callBuffer_.take(task);
  if (!undoForcedFault(task)) {
    tree_.lost(task);
    return true;
  }
  if ((registers.eflags & kTrapFlag) && !task.tracing.traced()) stashStep(task, kind, registers);
  // A stop that is to deliver a signal yet must remain.
  if (time && task.signals.stashed.empty() && sites_.patchTimeSite(task, *time, registers))
    dispatch_.begin(task, registers);
  events_.frame(schema::EventKind::kTrap, task, kind, registers);
  return true;
}

// The program steps itself, over an instruction that was answered: the trap at its end, which no processor has raised.
// The kind of machine where rdtsc does not trap answers cpuid for the program, and loses that trap.
void Recorder::stashStep(Task& task, int kind, const user_regs_struct& registers) {
  if (kind == static_cast<int>(schema::TrapKind::kCpuid) && !replacedCode_.timeTraps()) return;
  siginfo_t info = {};
  info.si_signo = SIGTRAP;
  info.si_code = TRAP_TRACE;
  info.si_addr = reinterpret_cast<void*>(registers.rip);
  task.signals.stashed.push_front(info);
  task.signals.stashedAt = monotonicNow();
}

void Recorder::groupStop(Task& task, int signal) {
  const bool asked = std::ranges::any_of(task.tracing.due, Tracing::isInterrupt);
  // An interrupt of the recorder's own ends so where the tracer has let it run on in a group that is stopped.
  const bool own = task.stops.interrupted && !asked && task.tracing.traced() && task.tracing.groupStop == signal;
  if (!own && defaultAction(signal) == DefaultAction::stop) {
    if (tree_.isStarted() && task.stops.inMidCode && !tree_.isAlone() && !stops_.leaveMidCode(task)) return;
    tracerStops_.wakePaused(task.parentGroup);
    if (task.tracing.traced()) {
      task.stops.inMidCode = false;
      task.stops.interrupted = false;
      task.tracing.groupStop = signal;
      return tracerStops_.stopForTracer(task, tracerStops_.groupStopFor(task, signal), Tracing::Place::user);
    }
    task.state = Task::State::groupStopped;
    if (!resume(task, PTRACE_LISTEN)) tree_.lost(task);
    return;
  }
  if (task.stops.interrupted) {
    if (const auto registers = stops_.forcedStop(task)) injectStashed(task, *registers, 0);
    return;
  }
  // Attached, or continued: it goes on where it was.
  task.tracing.groupStop = 0;
  task.state = Task::State::runnable;
  if (tree_.isStarted() && task.tracing.traced() && task.tracing.seized && !task.stops.inMidCode) {
    return tracerStops_.stopForTracer(task, tracerStops_.eventStop(task, PTRACE_EVENT_STOP, 0), Tracing::Place::user);
  }
  if (tree_.isStarted()) return;
  task.state = Task::State::inCall;
  if (!resume(task, PTRACE_CONT)) tree_.lost(task);
}

}  // namespace rr
