// Stops of a task whose tracer is in the recording: when they come, how the tracer is told, and how the task goes on.
// docs/ptrace.md has the whole of it.
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
#include "record/recorder.h"
#include "record/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// Upper half of the value that goes with a SIGCHLD of ours: the lower one is si_status.
constexpr uint32_t kChildMark = 0x72725447;

constexpr int kGoodCall = 0x80;  // in the signal of a system call stop, with PTRACE_O_TRACESYSGOOD

uid_t userOf(pid_t tid) {
  struct stat identity = {};
  stat(("/proc/" + std::to_string(tid)).c_str(), &identity);
  return identity.st_uid;
}

}  // namespace

// What the kernel makes up for a stop that no signal caused (ptrace_notify and ptrace_do_notify in the kernel).
siginfo_t Recorder::stopInfo(const Task& task, int code) const {
  siginfo_t info = {};
  info.si_signo = code & 0x7f;
  info.si_code = code;
  info.si_pid = task.tid;
  info.si_uid = userOf(task.tid);
  return info;
}

Tracing::Stop Recorder::eventStop(const Task& task, int event, uint64_t message, int signal) const {
  const int code = signal | event << 8;
  return {Tracing::Stop::Kind::event, code, stopInfo(task, code), message};
}

Tracing::Stop Recorder::callStop(const Task& task, bool entry) const {
  const int code = SIGTRAP | (task.tracing.options & PTRACE_O_TRACESYSGOOD ? kGoodCall : 0);
  const auto kind = entry ? Tracing::Stop::Kind::callEntry : Tracing::Stop::Kind::callExit;
  return {kind, code, stopInfo(task, code), entry ? 1U : 2U};
}

bool Recorder::tracerWants(const Task& task, uint32_t option) const {
  return task.tracing.traced() && (task.tracing.options & option) != 0;
}

// The task stops here and waits for its tracer.
void Recorder::stopForTracer(Task& task, const Tracing::Stop& stop, Tracing::Place place) {
  Tracing& tracing = task.tracing;
  if (place == Tracing::Place::callEntry) {
    tracing.registers = task.entry;
  } else if (!getRegisters(task.tid, tracing.registers)) {
    return lost(task);
  }
  tracing.pastEntry = place == Tracing::Place::user && task.answeredAtEntry;
  if (tracing.pastEntry) tracing.registers.orig_rax = static_cast<unsigned long long>(task.call);
  if (isMarkOfEvent(tracing.registers.orig_rax)) tracing.registers.orig_rax = ~0ULL;
  tracing.stop = stop;
  tracing.place = place;
  tracing.stopped = true;
  tracing.reported = false;
  tracing.registersChanged = false;
  tracing.injected.reset();
  task.inMidCode = false;
  task.state = Task::State::traceStopped;
  debug(task, "stops for its tracer %d: %x", tracing.tracer, stop.code);
  auto tracer = tasks_.find(tracing.tracer);
  if (tracer == tasks_.end()) return releaseTracee(task);
  tellOfChild(*tracer->second, task.tid, CLD_TRAPPED, stop.code & 0x7f);
  wakeWaiters(tracer->second->threadGroup);
}

// SIGCHLD, if the program would notice. Nobody may send the kernel's own si_code: it is put right when the signal
// comes (childSignal).
void Recorder::tellOfChild(const Task& tracer, pid_t child, int code, int status) const {
  const SignalSets sets = readSignalSets(tracer.tid);
  bool noticed = contains(sets.caught | sets.blocked, SIGCHLD);
  for (auto& [tid, task] : tasks_) {
    // In its mask it is not blocked meanwhile.
    noticed |= task->threadGroup == tracer.threadGroup && task->callEntered && task->call == SYS_rt_sigtimedwait;
  }
  if (!noticed) return;
  // Who ignores it, or does not want to hear of stops, is told of ends alone (do_notify_parent_cldstop in the kernel).
  if (code == CLD_TRAPPED && (contains(sets.ignored, SIGCHLD) || tracer.sysAction->childStopsUntold)) return;
  siginfo_t info = {};
  info.si_signo = SIGCHLD;
  info.si_code = SI_QUEUE;
  info.si_pid = child;
  info.si_uid = userOf(child);
  const uint64_t value = uint64_t{kChildMark} << 32 | static_cast<uint32_t>(code) << 16 | static_cast<uint32_t>(status);
  memcpy(&info.si_value, &value, sizeof value);
  syscall(SYS_rt_sigqueueinfo, tracer.threadGroup, SIGCHLD, &info);
}

// A SIGCHLD of tellOfChild becomes the kernel's.
void Recorder::childSignal(siginfo_t& info) const {
  if (info.si_signo != SIGCHLD || info.si_code != SI_QUEUE) return;
  uint64_t value;
  memcpy(&value, &info.si_value, sizeof value);
  if (value >> 32 != kChildMark) return;
  const siginfo_t sent = info;
  info = {};
  info.si_signo = SIGCHLD;
  info.si_code = static_cast<int>(value >> 16 & 0xffff);
  info.si_pid = sent.si_pid;
  info.si_uid = sent.si_uid;
  info.si_status = static_cast<int>(value & 0xffff);
}

// Where a task has taken a SIGCHLD by a call: rt_sigtimedwait, or a read of a signalfd.
void Recorder::childSignalsTaken(Task& task, int64_t result) const {
  const TraceeMemory& memory = task.space->memory;
  if (task.call == SYS_rt_sigtimedwait) {
    siginfo_t info;
    const uint64_t address = task.placeOf(task.arguments[1]);
    if (result != SIGCHLD || task.arguments[1] == 0 || !memory.readAll(address, &info, sizeof info)) return;
    const int before = info.si_code;
    childSignal(info);
    if (info.si_code != before) memory.writeAll(address, &info, sizeof info);
    return;
  }
  signalfd_siginfo entry;
  if (result <= 0 || result % static_cast<int64_t>(sizeof entry) != 0) return;
  const uint64_t address = task.placeOf(task.arguments[1]);
  for (uint64_t at = address; at < address + static_cast<uint64_t>(result); at += sizeof entry) {
    if (!memory.readAll(at, &entry, sizeof entry)) return;
    if (entry.ssi_signo != SIGCHLD || entry.ssi_code != SI_QUEUE || entry.ssi_ptr >> 32 != kChildMark) return;
    siginfo_t info = {};
    info.si_signo = SIGCHLD;
    info.si_code = SI_QUEUE;
    memcpy(&info.si_value, &entry.ssi_ptr, sizeof entry.ssi_ptr);
    childSignal(info);
    entry.ssi_code = info.si_code;
    entry.ssi_status = info.si_status;
    entry.ssi_int = 0;
    entry.ssi_ptr = 0;
    memory.writeAll(at, &entry, sizeof entry);
  }
}

// From now on the task has a tracer that may see and change all of its memory: it is as the program made it.
void Recorder::beginTracing(Task& tracee, Task& tracer, bool seized, uint32_t options) {
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
  updateLocals(*tracer.space);
  debug(tracee, "is traced by %d", tracer.tid);
}

void Recorder::showAsWritten(Task& tracee) {
  PatchedSites& patched = tracee.space->patched;
  restoreSites(tracee, {0, ~0ULL}, 0);
  patched.keptWhole = true;
  patched.allTraced = true;
  updateLocals(*tracee.space);
}

// A stop that is asked for: at once where the task stands at an event, else when the call that it is in has ended.
void Recorder::requestStop(Task& tracee, const Tracing::Stop& stop) {
  tracee.tracing.due.push_back(stop);
  if (tracee.state != Task::State::inCall) return;
  interruptCall(tracee);
}

// Breaks off the call that the task is blocked in.
void Recorder::interruptCall(Task& task) {
  int status;
  if (!task.pending && waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) cameFrom(task, status);
  if (task.pending || task.interrupted) return;
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) == 0) task.interrupted = true;
}

// A task that job control has stopped leaves PTRACE_LISTEN, where nothing can be read of it. The signal by which it was
// stopped; 0 when it is gone.
int Recorder::endListening(Task& task) {
  int status;
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) != 0) return 0;
  if (!awaitStatus(task.tid, status, "the end of a group stop")) return 0;
  if (WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_STOP) return WSTOPSIG(status);
  cameFrom(task, status);
  return 0;
}

// PTRACE_INTERRUPT. One that listens stops anew, by the signal that has stopped its group; so does one that its tracer
// has let run on in a group that is stopped (do_jobctl_trap in the kernel). Several before the task stops are one.
void Recorder::interruptTracee(Task& tracee) {
  if (tracee.state == Task::State::groupStopped) {
    const int signal = endListening(tracee);
    if (signal != 0) stopForTracer(tracee, groupStopFor(tracee, signal), Tracing::Place::user);
    return;
  }
  if (std::ranges::any_of(tracee.tracing.due, Tracing::isInterrupt)) return;
  const int signal = tracee.tracing.groupStop;
  requestStop(tracee, signal != 0 ? groupStopFor(tracee, signal) : eventStop(tracee, PTRACE_EVENT_STOP, 0));
}

// At the end of a call, or of one that was answered: stops that come there.
void Recorder::stopAfterCall(Task& task) {
  if (!task.tracing.traced()) return;
  task.tracing.due.push_front({Tracing::Stop::Kind::callExit, 0});
}

bool Recorder::tracesOthers(const Task& task) const {
  for (auto& [tid, other] : tasks_) {
    if (other->tracing.tracer == task.tid) return true;
  }
  return false;
}

// A new program has begun. `former`: the id of the thread that made the call.
void Recorder::stopAfterExec(Task& task, pid_t former) {
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

// A signal has come to a traced task, at its delivery stop: true when its tracer is told. In mid-code it waits, as for
// a handler.
bool Recorder::signalForTracer(Task& task, const siginfo_t& info, user_regs_struct& registers, bool deterministic) {
  Tracing& tracing = task.tracing;
  if (!tracing.traced()) return false;
  const bool steps = tracing.steps() && info.si_signo == SIGTRAP;
  // It stood at the entry of a call that was answered, which the kernel has left now: the step is still to come.
  if (steps && info.si_code == TRAP_BRKPT) return true;
  const bool stepped = steps && info.si_code == TRAP_TRACE;
  if (stepped || deterministic) {
    takeBuffer(task);
    writer_.data(task.tid, schema::DataSpace::kSignalInfo, 0, &info, sizeof info);
    if (stepped) {
      registers.orig_rax = ~0ULL;
      frame(schema::EventKind::kStep, task, info.si_signo, registers);
    } else {
      frame(schema::EventKind::kSignal, task, info.si_signo, registers, schema::kFrameDeterministic);
    }
    if (!leaveAtEvent(task, registers)) {
      lost(task);
      return true;
    }
  } else if (!standsAtEvent(task, registers)) {
    stash(task, info);
    return true;
  }
  task.inMidCode = false;
  tracing.due.push_back({Tracing::Stop::Kind::signal, info.si_signo, info});
  return true;
}

// The task has its turn, or its tracer has let it go on: true when that did not lead to user code.
bool Recorder::goOnTraced(Task& task) {
  Tracing& tracing = task.tracing;
  if (std::exchange(tracing.registersChanged, false) && !recordTracerRegisters(task)) {
    lost(task);
    return true;
  }
  switch (std::exchange(tracing.place, Tracing::Place::user)) {
    case Tracing::Place::callEntry:
      if (std::exchange(tracing.skipsCall, false)) {
        refuseCall(task, static_cast<long>(task.entry.rax));
      } else {
        beginCall(task);
      }
      return true;
    case Tracing::Place::making:
      endMaking(task);
      return true;
    case Tracing::Place::exiting:
      exitForGood(task);
      return true;
    case Tracing::Place::user:
      break;
  }
  if (const auto info = std::exchange(tracing.injected, std::nullopt)) {
    injectForTracer(task, *info);
    return true;
  }
  while (!tracing.due.empty()) {
    Tracing::Stop stop = tracing.due.front();
    tracing.due.pop_front();
    if (!tracing.traced()) continue;
    if (stop.kind == Tracing::Stop::Kind::callExit) {
      if (!tracing.steps() && tracing.resume != Tracing::Resume::untilCall) continue;
      stop = callStop(task, false);
      if (tracing.steps()) stop = stepStop(task, TRAP_BRKPT);
    }
    stopForTracer(task, stop, Tracing::Place::user);
    return true;
  }
  return false;
}

Tracing::Stop Recorder::stepStop(const Task& task, int code) const {
  siginfo_t info = {};
  info.si_signo = SIGTRAP;
  info.si_code = code;
  user_regs_struct registers;
  if (getRegisters(task.tid, registers)) info.si_addr = reinterpret_cast<void*>(registers.rip);
  return {Tracing::Stop::Kind::signal, SIGTRAP, info};
}

// What the tracer has set at the stop becomes the task's: an event of its own where nothing else tells.
bool Recorder::recordTracerRegisters(Task& task) {
  Tracing& tracing = task.tracing;
  switch (tracing.place) {
    case Tracing::Place::callEntry:
      task.entry = tracing.registers;
      task.call = static_cast<int>(tracing.registers.orig_rax);
      takeArguments(task);
      frame(schema::EventKind::kRegistersSet, task, 0, tracing.registers);
      return true;
    case Tracing::Place::user:
      frame(schema::EventKind::kRegistersSet, task, 0, tracing.registers);
      task.answeredAtEntry = tracing.pastEntry;
      return tracing.pastEntry || leaveAtEvent(task, tracing.registers);
    default:
      return true;  // the end of the call tells
  }
}

// The signal that the tracer wants its task to have.
void Recorder::injectForTracer(Task& task, const siginfo_t& info) {
  const int signal = info.si_signo;
  uint64_t blocked = 0;
  user_regs_struct registers;
  if (ptrace(PTRACE_GETSIGMASK, task.tid, sizeof blocked, &blocked) != 0 || !getRegisters(task.tid, registers)) {
    return lost(task);
  }
  if (contains(blocked, signal)) {
    // It waits (ptrace_signal in the kernel), and comes to the tracer once more.
    syscall(SYS_tgkill, task.threadGroup, task.tid, signal);
    return;
  }
  const bool caught = contains(readSignalSets(task.tid).caught, signal);
  const pid_t tid = task.tid;
  task.stashed.push_front(info);
  injectStashed(task, registers, 0, true);
  if (!tasks_.contains(tid) || task.pending || task.state != Task::State::runnable) return;
  // A step into a handler ends at its first instruction.
  if (caught && task.tracing.steps() && task.tracing.traced()) {
    task.tracing.due.push_front(stepStop(task, TRAP_BRKPT));
  }
}

// One instruction, by the tracer's order. A system call is made as always, and stops at its end.
bool Recorder::stepForTracer(Task& task, int signal) {
  if (!task.tracing.traced() || !task.tracing.steps()) return false;
  user_regs_struct registers;
  uint8_t code[kSyscallLength] = {};
  if (!getRegisters(task.tid, registers)) return lost(task), true;
  // Where a call is about to be restarted the kernel goes back to its instruction first.
  const bool restarts = static_cast<int64_t>(registers.orig_rax) >= 0 && isRestart(static_cast<int64_t>(registers.rax));
  const bool isCall = task.space->memory.readAll(registers.rip, code, sizeof code) &&
                      memcmp(code, kSyscallInstruction, sizeof code) == 0;
  if (restarts || isCall) return false;
  task.state = Task::State::inCall;  // no interrupt
  if (!resume(task, PTRACE_SINGLESTEP, signal)) return lost(task), true;
  waitFor(task);
  return true;
}

// The tracer is gone, or has let go of the task.
void Recorder::releaseTracee(Task& task) {
  Tracing& tracing = task.tracing;
  tracing.tracer = 0;
  tracing.options = 0;
  tracing.resume = Tracing::Resume::run;
  tracing.due.clear();
  if (!std::exchange(tracing.stopped, false)) return;
  task.state = Task::State::runnable;
}

// A task is gone: what it traced goes on by itself, and who traced it is told what the kernel does not tell.
void Recorder::endTracing(Task& task, int status) {
  for (auto& [tid, other] : tasks_) {
    if (other->tracing.tracer != task.tid) continue;
    if (other->tracing.options & PTRACE_O_EXITKILL) kill(other->threadGroup, SIGKILL);
    releaseTracee(*other);
  }
  std::erase_if(ended_, [&](const EndedTracee& ended) { return ended.tracer == task.tid; });
  auto tracer = tasks_.find(task.tracing.tracer);
  if (tracer != tasks_.end() && tracer->second.get() != &task && !isRealChild(task, *tracer->second)) {
    ended_.push_back({tracer->first, task.tid, getpgid(task.tid), status});
    const bool exited = WIFEXITED(status);
    tellOfChild(*tracer->second, task.tid,
                exited              ? CLD_EXITED
                : WCOREDUMP(status) ? CLD_DUMPED
                                    : CLD_KILLED,
                exited ? WEXITSTATUS(status) : WTERMSIG(status));
    wakeWaiters(tracer->second->threadGroup);
  }
  wakePaused(task.parentGroup);
}

}  // namespace rr
