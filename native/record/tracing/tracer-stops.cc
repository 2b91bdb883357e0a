#include "record/tracing/tracer-stops.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "record/call-result.h"
#include "record/signal-state/stashed-signals.h"
#include "record/stops/at-event.h"
#include "record/tracing/child-signals.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr int kGoodCall = 0x80;  // in the signal of a system call stop, with PTRACE_O_TRACESYSGOOD

// Whether the result is a code for a restart, as the kernel tells them from other values in user code.
bool isCode(const user_regs_struct& registers) {
  return static_cast<int64_t>(registers.orig_rax) >= 0 && isMadeAgain(static_cast<int64_t>(registers.rax));
}

bool isWait(long call) { return call == SYS_wait4 || call == SYS_waitid; }

}  // namespace

siginfo_t TracerStops::stopInfo(const Task& task, int code) const {
  siginfo_t info = {};
  info.si_signo = code & 0x7f;
  info.si_code = code;
  info.si_pid = task.tid;
  info.si_uid = userOf(task.tid);
  return info;
}

Tracing::Stop TracerStops::eventStop(const Task& task, int event, uint64_t message, int signal) const {
  const int code = signal | event << 8;
  return {Tracing::Stop::Kind::event, code, stopInfo(task, code), message};
}

Tracing::Stop TracerStops::callStop(const Task& task, bool entry) const {
  const int code = SIGTRAP | (task.tracing.options & PTRACE_O_TRACESYSGOOD ? kGoodCall : 0);
  const auto kind = entry ? Tracing::Stop::Kind::callEntry : Tracing::Stop::Kind::callExit;
  return {kind, code, stopInfo(task, code), entry ? 1U : 2U};
}

bool TracerStops::tracerWants(const Task& task, uint32_t option) const {
  return task.tracing.traced() && (task.tracing.options & option) != 0;
}

void TracerStops::stopForTracer(Task& task, const Tracing::Stop& stop, Tracing::Place place) {
  Tracing& tracing = task.tracing;
  if (place == Tracing::Place::callEntry) {
    tracing.registers = task.entry;
  } else if (!getRegisters(task.tid, tracing.registers)) {
    return tree_.lost(task);
  }
  tracing.pastEntry = place == Tracing::Place::user && task.answeredAtEntry;
  if (tracing.pastEntry) tracing.registers.orig_rax = static_cast<unsigned long long>(task.call);
  if (isMarkOfEvent(tracing.registers.orig_rax)) tracing.registers.orig_rax = ~0ULL;
  tracing.stop = stop;
  // Whatever it stops for, a PTRACE_INTERRUPT that came before has been obeyed (ptrace_stop() in kernel/signal.c).
  std::erase_if(tracing.due, Tracing::isInterrupt);
  tracing.place = place;
  tracing.stopped = true;
  tracing.reported = false;
  tracing.registersChanged = false;
  tracing.injected.reset();
  task.stops.inMidCode = false;
  task.state = Task::State::traceStopped;
  log_.debug(task, "stops for its tracer %d: %x", tracing.tracer, stop.code);
  Task* const tracer = tree_.find(tracing.tracer);
  if (!tracer) return releaseTracee(task);
  tellOfChild(tree_, *tracer, task.tid, CLD_TRAPPED, stop.code & 0x7f);
  wakeWaiters(tracer->threadGroup);
}

void TracerStops::beginTracing(Task& tracee, Task& tracer, bool seized, uint32_t options) {
  Tracing fresh;
  std::copy(std::begin(tracee.tracing.debugRegisters), std::end(tracee.tracing.debugRegisters), fresh.debugRegisters);
  tracee.tracing = fresh;
  tracee.tracing.tracer = tracer.tid;
  tracee.tracing.touched = true;
  tracee.tracing.seized = seized;
  tracee.tracing.options = options;
  showAsWritten(tracee);
  // Its waits are answered by the recorder.
  tracer.space->patched.allTraced = true;
  locals_.update(*tracer.space);
  log_.debug(tracee, "is traced by %d", tracer.tid);
}

void TracerStops::showAsWritten(Task& tracee) {
  PatchedSites& patched = tracee.space->patched;
  sites_.restoreSites(tracee, {0, ~0ULL}, 0);
  patched.keptWhole = true;
  patched.allTraced = true;
  locals_.update(*tracee.space);
}

void TracerStops::requestStop(Task& tracee, const Tracing::Stop& stop) {
  tracee.tracing.due.push_back(stop);
  if (tracee.state != Task::State::inCall) return;
  interruptCall(tracee);
}

void TracerStops::interruptCall(Task& task) {
  int status;
  if (!task.pending && waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) tree_.cameFrom(task, status);
  if (task.pending || task.stops.interrupted) return;
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) == 0) task.stops.interrupted = true;
}

int TracerStops::endListening(Task& task) {
  int status;
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) != 0) return 0;
  if (!waits_.awaitStatus(task.tid, status, "the end of a group stop")) return 0;
  if (isEventStop(status)) return WSTOPSIG(status);
  tree_.cameFrom(task, status);
  return 0;
}

void TracerStops::interruptTracee(Task& tracee) {
  if (tracee.state == Task::State::groupStopped) {
    const int signal = endListening(tracee);
    if (signal != 0) stopForTracer(tracee, groupStopFor(tracee, signal), Tracing::Place::user);
    return;
  }
  if (std::ranges::any_of(tracee.tracing.due, Tracing::isInterrupt)) return;
  const int signal = tracee.tracing.groupStop;
  requestStop(tracee, signal != 0 ? groupStopFor(tracee, signal) : eventStop(tracee, PTRACE_EVENT_STOP, 0));
}

void TracerStops::stopAfterCall(Task& task) {
  if (!task.tracing.traced()) return;
  task.tracing.due.push_front({Tracing::Stop::Kind::callExit, 0});
}

bool TracerStops::tracesOthers(const Task& task) const {
  for (auto& [tid, other] : tree_.all()) {
    if (other->tracing.tracer == task.tid) return true;
  }
  return false;
}

void TracerStops::stopAfterExec(Task& task, pid_t former) {
  if (!task.tracing.traced()) return;
  stopAfterCall(task);
  if (tracerWants(task, PTRACE_O_TRACEEXEC)) {
    task.tracing.due.push_front(eventStop(task, PTRACE_EVENT_EXEC, static_cast<uint64_t>(former)));
  } else if (!task.tracing.seized) {
    // ptrace(2): the same tracer is sent a SIGTRAP.
    siginfo_t info = {};
    info.si_signo = SIGTRAP;
    info.si_pid = task.threadGroup;
    info.si_uid = userOf(task.tid);
    task.tracing.due.push_back({Tracing::Stop::Kind::signal, SIGTRAP, info});
  }
}

bool TracerStops::signalForTracer(Task& task, const siginfo_t& info, user_regs_struct& registers, bool deterministic) {
  Tracing& tracing = task.tracing;
  if (!tracing.traced()) return false;
  const bool steps = tracing.steps() && info.si_signo == SIGTRAP;
  // It stood at the entry of a call that was answered, which the kernel has left now: the step is still to come.
  if (steps && info.si_code == TRAP_BRKPT) return true;
  const bool stepped = steps && info.si_code == TRAP_TRACE;
  if (stepped || deterministic) {
    callBuffer_.take(task);
    writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &info, sizeof info);
    if (stepped) {
      registers.orig_rax = ~0ULL;
      events_.frame(schema::EventKind::kStep, task, info.si_signo, registers);
    } else {
      events_.frame(schema::EventKind::kSignal, task, info.si_signo, registers, schema::kFrameDeterministic);
    }
    if (!leaveAtEvent(task, registers)) {
      tree_.lost(task);
      return true;
    }
  } else if (!standsAtEvent(task, registers)) {
    stash(task, info);
    return true;
  }
  task.stops.inMidCode = false;
  tracing.due.push_back({Tracing::Stop::Kind::signal, info.si_signo, info});
  return true;
}

Tracing::Stop TracerStops::stepStop(const Task& task, int code) const {
  siginfo_t info = {};
  info.si_signo = SIGTRAP;
  info.si_code = code;
  user_regs_struct registers;
  if (getRegisters(task.tid, registers)) info.si_addr = reinterpret_cast<void*>(registers.rip);
  return {Tracing::Stop::Kind::signal, SIGTRAP, info};
}

bool TracerStops::recordTracerRegisters(Task& task) {
  Tracing& tracing = task.tracing;
  switch (tracing.place) {
    case Tracing::Place::callEntry:
      task.entry = tracing.registers;
      task.call = static_cast<int>(tracing.registers.orig_rax);
      takeArguments(task);
      events_.frame(schema::EventKind::kRegistersSet, task, 0, tracing.registers);
      return true;
    case Tracing::Place::user:
      tracing.codeSet = isCode(tracing.registers) && (tracing.codeSet || task.atEvent.rax != tracing.registers.rax);
      events_.frame(schema::EventKind::kRegistersSet, task, 0, tracing.registers);
      task.answeredAtEntry = tracing.pastEntry;
      return tracing.pastEntry || leaveAtEvent(task, tracing.registers);
    default:
      return true;  // the end of the call tells
  }
}

bool TracerStops::settleCode(Task& task) {
  Tracing& tracing = task.tracing;
  if (!tracing.codeSet) return true;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return false;
  tracing.codeSet = isCode(registers);
  // Where a signal waits there is another stop to come.
  if (!tracing.codeSet || !leavesUndisturbed(tree_, task)) return true;
  tracing.codeSet = false;
  const Tracing::Stop& stop = tracing.stop;
  const bool fromSignal = stop.kind == Tracing::Stop::Kind::signal || stop.kind == Tracing::Stop::Kind::group ||
                          stop.code >> 8 == Tracing::kEventStop;
  const bool isBlock = static_cast<int64_t>(registers.rax) == kRestartBlock;
  const uint64_t number = isBlock ? SYS_restart_syscall : registers.orig_rax;
  registers.orig_rax = ~0ULL;
  if (!fromSignal) {
    task.answeredAtEntry = true;
    return setRegisters(task.tid, registers);
  }
  registers.rax = number;
  registers.rip -= kSyscallLength;
  if (!setRegisters(task.tid, registers)) return false;
  events_.frame(schema::EventKind::kRegistersSet, task, 0, registers);
  return leaveAtEvent(task, registers);
}

bool TracerStops::stepForTracer(Task& task, int signal) {
  if (!task.tracing.traced() || !task.tracing.steps()) return false;
  user_regs_struct registers;
  uint8_t code[kSyscallLength] = {};
  if (!getRegisters(task.tid, registers)) return tree_.lost(task), true;
  // Where a call is about to be restarted the kernel goes back to its instruction first.
  const bool restarts = static_cast<int64_t>(registers.orig_rax) >= 0 && isRestart(static_cast<int64_t>(registers.rax));
  const bool isCall = task.space->memory.readAll(registers.rip, code, sizeof code) &&
                      memcmp(code, kSyscallInstruction, sizeof code) == 0;
  if (restarts || isCall) return false;
  task.state = Task::State::inCall;  // no interrupt
  if (!resume(task, PTRACE_SINGLESTEP, signal)) return tree_.lost(task), true;
  waits_.waitFor(task);
  return true;
}

void TracerStops::releaseTracee(Task& task) {
  Tracing& tracing = task.tracing;
  tracing.tracer = 0;
  tracing.options = 0;
  tracing.resume = Tracing::Resume::run;
  tracing.due.clear();
  if (!std::exchange(tracing.stopped, false)) return;
  task.state = Task::State::runnable;
}

void TracerStops::endTracing(Task& task, int status) {
  for (auto& [tid, other] : tree_.all()) {
    if (other->tracing.tracer != task.tid) continue;
    if (other->tracing.options & PTRACE_O_EXITKILL) kill(other->threadGroup, SIGKILL);
    releaseTracee(*other);
  }
  std::erase_if(ended_, [&](const EndedTracee& ended) { return ended.tracer == task.tid; });
  Task* const tracer = tree_.find(task.tracing.tracer);
  if (tracer && tracer != &task && !isRealChild(task, *tracer)) {
    ended_.push_back({tracer->tid, task.tid, getpgid(task.tid), status});
    const bool exited = WIFEXITED(status);
    tellOfChild(tree_, *tracer, task.tid,
                exited              ? CLD_EXITED
                : WCOREDUMP(status) ? CLD_DUMPED
                                    : CLD_KILLED,
                exited ? WEXITSTATUS(status) : WTERMSIG(status));
    wakeWaiters(tracer->threadGroup);
  }
  wakePaused(task.parentGroup);
}

bool TracerStops::isRealChild(const Task& child, const Task& parent) const {
  return child.tid == child.threadGroup && child.parentGroup == parent.threadGroup;
}

Tracing::Stop TracerStops::groupStopFor(const Task& tracee, int signal) const {
  if (!tracee.tracing.seized) return {Tracing::Stop::Kind::group, signal};
  Tracing::Stop stop = eventStop(tracee, PTRACE_EVENT_STOP, 0, signal);
  stop.kind = Tracing::Stop::Kind::group;
  return stop;
}

void TracerStops::recordDebugRegisters(const Task& task) {
  writer_.data(task.tid, schema::DataSpace::kDebugRegisters, 0, task.tracing.debugRegisters,
               sizeof task.tracing.debugRegisters);
}

void TracerStops::wakeWaiters(pid_t threadGroup) {
  for (auto& [tid, task] : tree_.all()) {
    if (task->threadGroup != threadGroup || !task->callEntered || !isWait(task->call)) continue;
    if (task->state == Task::State::inCall) interruptCall(*task);
  }
}

void TracerStops::wakePaused(pid_t threadGroup) {
  for (auto& [tid, task] : tree_.all()) {
    if (task->waitPaused && task->threadGroup == threadGroup && task->state == Task::State::inCall) {
      interruptCall(*task);
    }
  }
}

}  // namespace rr
