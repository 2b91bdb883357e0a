// Tasks that come and go.
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "generated/syscalls.h"
#include "launcher/record-stub.h"
#include "record/recorder.h"
#include "record/tree/task-state.h"
#include "ring/broken-wait.h"
#include "tracee/clock.h"

namespace rr {

namespace {

// Whether what the hook knows of descriptors, which it keeps in memory, would hold for one of two tasks only, or change
// by what the other one does.
bool mixesDescriptors(uint64_t flags) { return ((flags & CLONE_VM) != 0) != ((flags & CLONE_FILES) != 0); }

}  // namespace

// At the entry of a call that makes a task: what it asks for, while it stands in memory as the kernel will read it.
void Recorder::noteMaking(Task& task) const {
  const uint64_t(&arguments)[6] = task.arguments;
  MakingArguments& making = task.making;
  making = {};
  switch (task.call) {
    case SYS_fork:
      making.flags = SIGCHLD;
      return;
    case SYS_vfork:
      making.flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
      return;
    case SYS_clone:
      making = {arguments[0], arguments[3], arguments[2], arguments[2], false};
      return;
    default:
      break;
  }
  clone_args asked;
  static_assert(offsetof(clone_args, set_tid) == CLONE_ARGS_SIZE_VER0);
  if (!task.space->memory.readAll(arguments[0], &asked, CLONE_ARGS_SIZE_VER0)) return;
  making.flags = (asked.flags & ~uint64_t{CSIGNAL}) | (asked.exit_signal & CSIGNAL);
  making.childId = asked.child_tid;
  making.parentId = asked.parent_tid;
  making.pidfd = asked.pidfd;
  making.newTime = (asked.flags & CLONE_NEWTIME) != 0;
}

// The maker is at PTRACE_EVENT_FORK, VFORK or CLONE; the child is stopped, or about to be.
void Recorder::cloned(Task& task) {
  unsigned long message = 0;
  if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &message) != 0) return tree_.lost(task);
  const pid_t childTid = static_cast<pid_t>(message);
  const MakingArguments& making = task.making;
  const uint64_t flags = making.flags;

  int status;
  if (!tree_.takeFirstStop(childTid) && !waits_.awaitStatus(childTid, status, "the first stop")) {
    return tree_.lost(task);
  }
  bool memoryOpen = true;
  auto child = std::make_unique<Task>();
  child->tid = childTid;
  child->threadGroup = flags & CLONE_THREAD ? task.threadGroup : childTid;
  const bool sameParent = (flags & (CLONE_PARENT | CLONE_THREAD)) != 0;
  child->parent = sameParent ? task.parent : task.tid;
  child->parentGroup = sameParent ? task.parentGroup : task.threadGroup;
  child->ownTscTrap = task.ownTscTrap;
  child->fixedAddresses = task.fixedAddresses;
  child->filters.own = task.filters.own;
  child->filters.notifies = task.filters.notifies;
  child->signals.sysAction =
      flags & CLONE_SIGHAND ? task.signals.sysAction : std::make_shared<SysAction>(*task.signals.sysAction);
  if (flags & CLONE_CLEAR_SIGHAND) child->signals.sysAction = task.signals.sysAction->withoutHandlers();
  child->signals.faultBlocked = task.signals.faultBlocked;
  child->signals.sysBlocked = task.signals.sysBlocked;
  if (flags & CLONE_VM) {
    child->space = task.space;
  } else {
    child->space = std::make_shared<AddressSpace>();
    memoryOpen = child->space->memory.open(childTid);
    child->space->runtimePage = task.space->runtimePage;
    child->space->cpuidTraps = task.space->cpuidTraps;
    child->space->undumpable = task.space->undumpable;
    child->space->scratch = child->space->unusedScratch = task.space->scratch;
    child->space->patched = task.space->patched;
    child->space->replaced = task.space->replaced;
    child->space->sharedMemory = task.space->sharedMemory;
    sharedFiles_.inherited(task.space, child->space);
    if (std::exchange(child->space->patched.foreignDescriptors, 0) > 0) locals_.update(*child->space);
  }
  if (mixesDescriptors(flags)) {
    task.space->patched.foreignDescriptors++;
    locals_.update(*task.space);
    if (child->space != task.space) {
      child->space->patched.foreignDescriptors++;
      locals_.update(*child->space);
    }
  }
  if (flags & CLONE_CHILD_CLEARTID) child->end.clearChildTid = making.childId;
  task.madeTask = true;
  Task& added = tree_.add(std::move(child));
  schedulingCalls_.add(added, &task);
  if (!memoryOpen && (errno == EACCES || errno == EPERM)) {
    return tree_.refuse(added, "task " + std::to_string(childTid) +
                                   " cannot be recorded: its memory may not be read (" + strerror(errno) +
                                   "); record as root");
  }

  ticks_.openCounter(added);
  writeEnter(task);
  if ((flags & CLONE_VM) && !(flags & CLONE_VFORK) && added.space->runtimePage) scratch_.provide(added, task);
  user_regs_struct registers;
  if (getRegisters(childTid, registers)) {
    // Taken out for the kernel (calls.cc).
    if (flags & CLONE_UNTRACED) registers.rdi = task.arguments[0];
    if (task.filters.callByOurs) registers.rip = registers.rcx = task.entry.rip;
    if ((flags & CLONE_UNTRACED) || task.filters.callByOurs) setRegisters(childTid, registers);
    // The kernel has stored the id, or the descriptor, where the maker asked for it, too: a thread may look there
    // before the maker's call ends.
    if ((flags & CLONE_VM) && (flags & CLONE_PARENT_SETTID)) {
      writer_.memory(childTid, added.space->memory, making.parentId, sizeof(pid_t));
    }
    if ((flags & CLONE_VM) && (flags & CLONE_PIDFD)) {
      writer_.memory(childTid, added.space->memory, making.pidfd, sizeof(int));
    }
    if (flags & CLONE_CHILD_SETTID) writer_.memory(childTid, added.space->memory, making.childId, sizeof(pid_t));
    writer_.task(schema::TaskKind::kStart, childTid, task.tid, added.threadGroup, 0, flags, {});
    events_.frame(schema::EventKind::kTaskStart, added, static_cast<int>(task.call), registers);
  } else {
    tree_.lost(added);
  }
  const int event = flags & CLONE_VFORK            ? PTRACE_EVENT_VFORK
                    : (flags & CSIGNAL) != SIGCHLD ? PTRACE_EVENT_CLONE
                                                   : PTRACE_EVENT_FORK;
  task.tracing.made = childTid;
  // PTRACE_O_TRACE... is 1 << PTRACE_EVENT_...
  if (tracerStops_.tracerWants(task, 1U << event) && !(flags & CLONE_UNTRACED)) {
    Task* const tracer = tree_.find(task.tracing.tracer);
    if (tracer) {
      tracerStops_.beginTracing(added, *tracer, task.tracing.seized, task.tracing.options);
      siginfo_t info = {};
      info.si_signo = SIGSTOP;
      added.tracing.due.push_back(task.tracing.seized ? tracerStops_.eventStop(added, PTRACE_EVENT_STOP, 0)
                                                      : Tracing::Stop{Tracing::Stop::Kind::signal, SIGSTOP, info});
    }
    return tracerStops_.stopForTracer(task, tracerStops_.eventStop(task, event, static_cast<uint64_t>(childTid)),
                                      Tracing::Place::making);
  }
  endMaking(task);
}

// The child is made, and has its event.
void Recorder::endMaking(Task& task) {
  // A vfork ends when the child execs or exits.
  task.state = Task::State::inCall;
  if (!resume(task, PTRACE_SYSCALL)) return tree_.lost(task);
  awaitCall(task, (task.making.flags & CLONE_VFORK) != 0);
}

// At the end of a call that made a task, or failed to: after a vfork the child has other memory, or none.
void Recorder::returnedFromMaking(Task& task) {
  const uint64_t flags = task.making.flags;
  if (!std::exchange(task.madeTask, false)) return;
  if (!mixesDescriptors(flags) || !(flags & CLONE_VFORK) || !(flags & CLONE_VM)) return;
  task.space->patched.foreignDescriptors--;
  locals_.update(*task.space);
}

// At PTRACE_EVENT_EXIT. Its exit is seen through to the end before anything else runs: the kernel still writes memory.
void Recorder::exiting(Task& task) {
  if (tree_.isStarted() && task.callEntered) writeEnter(task);
  if (tree_.isStarted() && tracerStops_.tracerWants(task, PTRACE_O_TRACEEXIT)) {
    unsigned long status = 0;
    if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &status) != 0) return tree_.lost(task);
    return tracerStops_.stopForTracer(task, tracerStops_.eventStop(task, PTRACE_EVENT_EXIT, status),
                                      Tracing::Place::exiting);
  }
  exitForGood(task);
}

// Waits for the status of a task that exits, which is filed with it, or until it waits for others. True with a status.
template <typename Condition>
bool Recorder::awaitExit(Task& task, Condition waitsForOthers) {
  while (!task.pending) {
    int status;
    if (waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) {
      tree_.cameFrom(task, status);
    } else if (waitsForOthers()) {
      return false;
    } else {
      waits_.keepUp("the end", task.tid);
      pauseBetweenLooks();
    }
  }
  return true;
}

void Recorder::exitForGood(Task& task) {
  task.state = Task::State::dying;
  const pid_t tid = task.tid;
  if (tree_.isStarted()) {
    callBuffer_.take(task);
    endWrites_.foreseeRobust(task);
  }
  bool othersInGroup = false;
  for (auto& [each, other] : tree_.all()) othersInGroup |= each != tid && other->threadGroup == task.threadGroup;
  task.end.execWrites.clear();
  if (tree_.isStarted() && tid == task.threadGroup && othersInGroup) endWrites_.findOtherViews(task);
  // A leader is a zombie while its threads live on; the last of them waits.
  const bool endsNamespace =
      tree_.isStarted() && !(tid == task.threadGroup && othersInGroup) && namespaces_.isLedBy(tid);
  unsigned long endsAs = 0;
  if (endsNamespace && ptrace(PTRACE_GETEVENTMSG, tid, 0, &endsAs) != 0) return tree_.lost(task);
  if (!resume(task, PTRACE_CONT)) return tree_.lost(task);
  if (!tree_.isStarted()) return;
  if (endsNamespace) {
    // The others of the namespace are tracees too: they cannot go before this has been left.
    if (awaitExit(task, [&] { return taskState(tid) == 'S' && hasLeftMemory(tid); })) return;
    task.end.as = static_cast<int>(endsAs);
    recordZombie(task);
    return;
  }
  if (tid == task.threadGroup && othersInGroup) {
    // The leader's status comes only when all its threads are gone: until then it is a zombie. If it dies for the exec
    // of another thread, that one may have its id before it is seen to be one.
    const auto isZombie = [&] {
      const char state = taskState(tid);
      return state == 'Z' || state == 'X' || state == 0;
    };
    if (!awaitExit(task, isZombie)) recordZombie(task);
    return;
  }
  int status;
  if (!waits_.awaitStatus(tid, status, "the end")) return;
  if (WIFSTOPPED(status)) return tree_.cameFrom(task, status);
  gone(task, status);
}

// The leader has ended its call of exit, and its threads live on: they see what the kernel wrote. Its own event comes
// when the last of them is gone.
void Recorder::recordZombie(Task& task) {
  if (!task.callEntered || !task.enterWritten || (task.end.clearChildTid == 0 && task.end.robustWrites.empty())) return;
  endWrites_.recordAtExit(task);
  task.end.clearChildTid = 0;
  task.end.robustWrites.clear();
  task.end.execWrites.clear();
  task.callEntered = false;
  // Without checksums: it has left its memory, and who executes a program in its place has its id, and memory of its
  // own.
  events_.writeFrame(schema::EventKind::kSyscallExit, task, static_cast<int>(task.call), task.entry, 0, 0);
}

void Recorder::gone(Task& task, int status) {
  const pid_t tid = task.tid;
  if (tid == tree_.initial().tid) {
    tree_.initialGone(status);
    if (!tree_.isStarted()) {
      LaunchReport report;
      if (read(launchReport_, &report, sizeof report) == static_cast<ssize_t>(sizeof report)) {
        end_.launchStep = report.step;
        end_.launchError = report.error;
      }
    }
  }
  if (tree_.isStarted()) {
    endWrites_.recordAtExit(task);
    writer_.task(schema::TaskKind::kExit, tid, 0, task.threadGroup, status, 0, {});
    events_.frame(schema::EventKind::kExit, task, status, task.atEvent);
  }
  tracerStops_.endTracing(task, status);
  bury(task);
}

// Its last event is written.
void Recorder::bury(Task& task) {
  if (task.scratch != 0) task.space->unusedScratch.push_back(task.scratch);
  tree_.bury(task);
}

}  // namespace rr
