// How a task goes on whose tracer is in the recording.
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <utility>

#include "record/recorder.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

constexpr uint64_t kRedZone = 128;  // bytes below the stack pointer that are the function's own (psABI)
// The last page of user addresses, which nobody has.
constexpr uint64_t kNobodys = 0x7ffffffff000;

// What the kernel says to a read of another task's memory where it has none: EFAULT behind the question whether the
// caller may attach to it (PTRACE_MODE_ATTACH_REALCREDS, ptrace(2)), else its refusal. 0 where nothing can be asked.
// The task stands at a call's exit, or where it can make calls.
long askForMemory(const Task& task, uint64_t tid) {
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return 0;
  const iovec buffers[2] = {{nullptr, 1}, {reinterpret_cast<void*>(kNobodys), 1}};
  const uint64_t at = (registers.rsp - kRedZone - sizeof buffers) & ~uint64_t{15};
  const TraceeMemory& memory = task.space->memory;
  uint8_t kept[sizeof buffers];
  if (!memory.readAll(at, kept, sizeof kept) || !memory.writeAll(at, buffers, sizeof buffers)) return 0;
  const uint64_t arguments[6] = {tid, at, 1, at + sizeof(iovec), 1, 0};
  const long result = syscallByStops(task.tid, SYS_process_vm_readv, arguments);
  memory.writeAll(at, kept, sizeof kept);
  return result;
}

// Whether the kernel would not let the task attach to the one that its ptrace call names. A filter that refuses the
// question itself does so for the task's own memory, too.
bool isAttachRefused(const Task& task) {
  return askForMemory(task, task.arguments[1]) == -EPERM &&
         askForMemory(task, static_cast<uint64_t>(syscallByStops(task.tid, SYS_gettid, {}))) == -EFAULT;
}

}  // namespace

// The task has its turn, or its tracer has let it go on: true when that did not lead to user code.
bool Recorder::goOnTraced(Task& task) {
  Tracing& tracing = task.tracing;
  if (std::exchange(tracing.registersChanged, false) && !tracerStops_.recordTracerRegisters(task)) {
    tree_.lost(task);
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
      stop = tracerStops_.callStop(task, false);
      if (tracing.steps()) stop = tracerStops_.stepStop(task, TRAP_BRKPT);
    }
    tracerStops_.stopForTracer(task, stop, Tracing::Place::user);
    return true;
  }
  if (!tracerStops_.settleCode(task)) {
    tree_.lost(task);
    return true;
  }
  return false;
}

// The signal that the tracer wants its task to have.
void Recorder::injectForTracer(Task& task, const siginfo_t& info) {
  const int signal = info.si_signo;
  const auto blocked = signalMask(task.tid);
  user_regs_struct registers;
  if (!blocked || !getRegisters(task.tid, registers)) return tree_.lost(task);
  if (contains(*blocked, signal)) {
    // It waits (ptrace_signal in the kernel), and comes to the tracer once more.
    syscall(SYS_tgkill, task.threadGroup, task.tid, signal);
    return;
  }
  const bool caught = contains(readSignalSets(task.tid).caught, signal);
  const pid_t tid = task.tid;
  task.signals.stashed.push_front(info);
  injectStashed(task, registers, 0, true);
  if (!tree_.contains(tid) || task.pending || task.state != Task::State::runnable) return;
  // A step into a handler ends at its first instruction.
  if (caught && task.tracing.steps() && task.tracing.traced()) {
    task.tracing.due.push_front(tracerStops_.stepStop(task, TRAP_BRKPT));
  }
}

void Recorder::ptraceCall(Task& task) {
  if (task.arguments[0] == PTRACE_ATTACH || task.arguments[0] == PTRACE_SEIZE) {
    const Task* const tracee = tree_.find(static_cast<pid_t>(task.arguments[1]));
    if (tracee && tracee->threadGroup != task.threadGroup) {
      if (!dispatch_.leaveEntry(task)) return;
      if (isAttachRefused(task)) return refuseCall(task, -EPERM);
    }
  }
  const int64_t result = ptraceRequests_.emulatePtrace(task);
  if (task.state == Task::State::dying) return;
  log_.debug(task, "ptrace(%lx, %ld, %lx, %lx) = %ld", task.arguments[0], static_cast<long>(task.arguments[1]),
             task.arguments[2], task.arguments[3], static_cast<long>(result));
  answerCall(task, result, schema::kFrameEmulated);
}

// At the entry of a wait: true when it has been dealt with.
bool Recorder::enterWait(Task& task) {
  const WaitEntry entry = tracedWaits_.enterWait(task);
  switch (entry.kind) {
    case WaitEntry::Kind::asAlways:
      return false;
    case WaitEntry::Kind::answered:
      answerCall(task, entry.result, schema::kFrameEmulated);
      return true;
    case WaitEntry::Kind::paused:
      runCall(task, true);
      return true;
    case WaitEntry::Kind::gone:
      return true;
  }
  return false;
}

}  // namespace rr
