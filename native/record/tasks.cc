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

#include <algorithm>
#include <utility>

#include "generated/syscalls.h"
#include "launcher/record-stub.h"
#include "record/recorder.h"
#include "record/task-state.h"
#include "ring/broken-wait.h"

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
  if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &message) != 0) return lost(task);
  const pid_t childTid = static_cast<pid_t>(message);
  const MakingArguments& making = task.making;
  const uint64_t flags = making.flags;

  if (auto found = unknownStops_.find(childTid); found != unknownStops_.end()) {
    unknownStops_.erase(found);
  } else {
    int status;
    if (!awaitStatus(childTid, status, "the first stop")) return lost(task);
  }
  bool memoryOpen = true;
  auto child = std::make_unique<Task>();
  child->tid = childTid;
  child->threadGroup = flags & CLONE_THREAD ? task.threadGroup : childTid;
  const bool sameParent = (flags & (CLONE_PARENT | CLONE_THREAD)) != 0;
  child->parent = sameParent ? task.parent : task.tid;
  child->parentGroup = sameParent ? task.parentGroup : task.threadGroup;
  child->ownTscTrap = task.ownTscTrap;
  child->ownFilter = task.ownFilter;
  child->notifies = task.notifies;
  child->sysAction = flags & CLONE_SIGHAND ? task.sysAction : std::make_shared<SysAction>(*task.sysAction);
  if (flags & CLONE_CLEAR_SIGHAND) child->sysAction = task.sysAction->withoutHandlers();
  child->faultBlocked = task.faultBlocked;
  child->sysBlocked = task.sysBlocked;
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
    if (std::exchange(child->space->patched.foreignDescriptors, 0) > 0) updateLocals(*child->space);
  }
  if (mixesDescriptors(flags)) {
    task.space->patched.foreignDescriptors++;
    updateLocals(*task.space);
    if (child->space != task.space) {
      child->space->patched.foreignDescriptors++;
      updateLocals(*child->space);
    }
  }
  if (flags & CLONE_CHILD_CLEARTID) child->clearChildTid = making.childId;
  task.madeTask = true;
  Task& added = *child;
  tasks_[childTid] = std::move(child);
  addToScheduler(added, &task);
  if (!memoryOpen && (errno == EACCES || errno == EPERM)) {
    return refuse(added, "task " + std::to_string(childTid) + " cannot be recorded: its memory may not be read (" +
                             strerror(errno) + "); record as root");
  }

  openCounter(added);
  writeEnter(task);
  if ((flags & CLONE_VM) && !(flags & CLONE_VFORK) && added.space->runtimePage) provideScratch(added, task);
  user_regs_struct registers;
  if (getRegisters(childTid, registers)) {
    // Taken out for the kernel (calls.cc).
    if (flags & CLONE_UNTRACED) registers.rdi = task.arguments[0];
    if (task.callByOurs) registers.rip = registers.rcx = task.entry.rip;
    if ((flags & CLONE_UNTRACED) || task.callByOurs) setRegisters(childTid, registers);
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
    frame(schema::EventKind::kTaskStart, added, static_cast<int>(task.call), registers);
  } else {
    lost(added);
  }
  const int event = flags & CLONE_VFORK            ? PTRACE_EVENT_VFORK
                    : (flags & CSIGNAL) != SIGCHLD ? PTRACE_EVENT_CLONE
                                                   : PTRACE_EVENT_FORK;
  task.tracing.made = childTid;
  // PTRACE_O_TRACE... is 1 << PTRACE_EVENT_...
  if (tracerWants(task, 1U << event) && !(flags & CLONE_UNTRACED)) {
    auto tracer = tasks_.find(task.tracing.tracer);
    if (tracer != tasks_.end()) {
      beginTracing(added, *tracer->second, task.tracing.seized, task.tracing.options);
      siginfo_t info = {};
      info.si_signo = SIGSTOP;
      added.tracing.due.push_back(task.tracing.seized ? eventStop(added, PTRACE_EVENT_STOP, 0)
                                                      : Tracing::Stop{Tracing::Stop::Kind::signal, SIGSTOP, info});
    }
    return stopForTracer(task, eventStop(task, event, static_cast<uint64_t>(childTid)), Tracing::Place::making);
  }
  endMaking(task);
}

// The child is made, and has its event.
void Recorder::endMaking(Task& task) {
  // A vfork ends when the child execs or exits.
  task.state = Task::State::inCall;
  if (!resume(task, PTRACE_SYSCALL)) return lost(task);
  awaitCall(task, (task.making.flags & CLONE_VFORK) != 0);
}

// At the end of a call that made a task, or failed to: after a vfork the child has other memory, or none.
void Recorder::returnedFromMaking(Task& task) {
  const uint64_t flags = task.making.flags;
  if (!std::exchange(task.madeTask, false)) return;
  if (!mixesDescriptors(flags) || !(flags & CLONE_VFORK) || !(flags & CLONE_VM)) return;
  task.space->patched.foreignDescriptors--;
  updateLocals(*task.space);
}

// As it exits the kernel marks the robust futexes that the task holds (exit_robust_list in the kernel's futex core):
// owner's id out, FUTEX_OWNER_DIED in, FUTEX_WAITERS kept. Others may share that memory when this task's is gone.
void Recorder::foreseeRobustWrites(Task& task) {
  constexpr int kMostEntries = 2048;       // ROBUST_LIST_LIMIT
  constexpr uint32_t kOwner = 0x3fffffff;  // FUTEX_TID_MASK
  constexpr uint32_t kWaiters = 0x80000000;
  constexpr uint32_t kOwnerDied = 0x40000000;
  task.robustWrites.clear();
  if (task.robustList == 0) return;
  struct {
    uint64_t first;
    int64_t offset;
    uint64_t pending;
  } head;
  const TraceeMemory& memory = task.space->memory;
  if (!memory.readAll(task.robustList, &head, sizeof head)) return;
  const auto foresee = [&](uint64_t entry) {
    const uint64_t address = (entry & ~1ULL) + static_cast<uint64_t>(head.offset);
    const auto word = memory.readValue<uint32_t>(address);
    if (word && (*word & kOwner) == static_cast<uint32_t>(task.tid)) {
      task.robustWrites.push_back({address, (*word & kWaiters) | kOwnerDied});
    }
  };
  uint64_t entry = head.first;
  for (int i = 0; i < kMostEntries && (entry & ~1ULL) != task.robustList; i++) {
    foresee(entry);
    const auto next = memory.readValue<uint64_t>(entry & ~1ULL);
    if (!next) break;
    entry = *next;
  }
  if (head.pending != 0) foresee(head.pending);
}

// At the entry of an exec, at whose end the kernel marks them the same way. A thread that is not the leader has the
// leader's id by then, so its locks are not found to be its own (de_thread and exec_mmap in the kernel's fs/exec.c).
void Recorder::foreseeExecWrites(Task& task) {
  task.execWrites.clear();
  if (task.tid != task.threadGroup) return;
  takeBuffer(task);
  foreseeRobustWrites(task);
  findOtherViews(task);
}

// Of the robust futexes that are to be marked when this task's view of the memory is gone: who else sees them, and
// where.
void Recorder::findOtherViews(Task& task) {
  if (task.robustWrites.empty()) return;
  const std::vector<MapLine> maps = readMaps(task.tid);
  for (const Task::RobustWrite& write : task.robustWrites) {
    const auto holds = [](const MapLine& line, uint64_t at) { return line.start <= at && at < line.end; };
    const auto own = std::find_if(maps.begin(), maps.end(), [&](auto& line) { return holds(line, write.address); });
    if (own == maps.end()) continue;
    const uint64_t position = own->offset + (write.address - own->start);
    for (auto& [tid, other] : tasks_) {
      if (other->threadGroup == task.threadGroup) continue;
      if (other->space == task.space) {
        task.execWrites.push_back({tid, write.address, write.value});
        break;
      }
      if (!own->shared) continue;
      const std::vector<MapLine> views = readMaps(tid);
      const auto view = std::find_if(views.begin(), views.end(), [&](const MapLine& line) {
        return line.shared && line.inode == own->inode && line.deviceMajor == own->deviceMajor &&
               line.deviceMinor == own->deviceMinor && line.offset <= position &&
               position < line.offset + (line.end - line.start);
      });
      if (view == views.end()) continue;
      task.execWrites.push_back({tid, view->start + (position - view->offset), write.value});
      break;
    }
  }
}

// With the event of an exec: what the kernel wrote into memory that the task shared with others and has left.
void Recorder::recordExecWrites(Task& task) {
  for (const Task::ExecWrite& write : task.execWrites) {
    if (tasks_.contains(write.tid)) {
      writer_.data(write.tid, schema::DataSpace::kMemory, write.address, &write.value, sizeof write.value);
    }
  }
  task.execWrites.clear();
  if (task.clearChildTid == 0) return;
  for (auto& [tid, other] : tasks_) {
    if (other->space != task.space || other->threadGroup == task.threadGroup) continue;
    writer_.memory(tid, task.space->memory, task.clearChildTid, sizeof(pid_t));
    return;
  }
}

// At PTRACE_EVENT_EXIT. Its exit is seen through to the end before anything else runs: the kernel still writes memory.
void Recorder::exiting(Task& task) {
  if (started_ && task.callEntered) writeEnter(task);
  if (started_ && tracerWants(task, PTRACE_O_TRACEEXIT)) {
    unsigned long status = 0;
    if (ptrace(PTRACE_GETEVENTMSG, task.tid, 0, &status) != 0) return lost(task);
    return stopForTracer(task, eventStop(task, PTRACE_EVENT_EXIT, status), Tracing::Place::exiting);
  }
  exitForGood(task);
}

// Waits for the status of a task that exits, which is filed with it, or until it waits for others. True with a status.
template <typename Condition>
bool Recorder::awaitExit(Task& task, Condition waitsForOthers) {
  while (!task.pending) {
    int status;
    if (waitpid(task.tid, &status, __WALL | WNOHANG) == task.tid) {
      cameFrom(task, status);
    } else if (waitsForOthers()) {
      return false;
    } else {
      keepUp("the end", task.tid);
      pauseBetweenLooks();
    }
  }
  return true;
}

void Recorder::exitForGood(Task& task) {
  task.state = Task::State::dying;
  const pid_t tid = task.tid;
  if (started_) {
    takeBuffer(task);
    foreseeRobustWrites(task);
  }
  bool othersInGroup = false;
  for (auto& [each, other] : tasks_) othersInGroup |= each != tid && other->threadGroup == task.threadGroup;
  task.execWrites.clear();
  if (started_ && tid == task.threadGroup && othersInGroup) findOtherViews(task);
  // A leader is a zombie while its threads live on; the last of them waits.
  const bool endsNamespace = started_ && !(tid == task.threadGroup && othersInGroup) && leadsNamespace(tid);
  unsigned long endsAs = 0;
  if (endsNamespace && ptrace(PTRACE_GETEVENTMSG, tid, 0, &endsAs) != 0) return lost(task);
  if (!resume(task, PTRACE_CONT)) return lost(task);
  if (!started_) return;
  if (endsNamespace) {
    // The others of the namespace are tracees too: they cannot go before this has been left.
    if (awaitExit(task, [&] { return taskState(tid) == 'S' && hasLeftMemory(tid); })) return;
    task.endsAs = static_cast<int>(endsAs);
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
  if (!awaitStatus(tid, status, "the end")) return;
  if (WIFSTOPPED(status)) return cameFrom(task, status);
  gone(task, status);
}

// The leader has ended its call of exit, and its threads live on: they see what the kernel wrote. Its own event comes
// when the last of them is gone.
void Recorder::recordZombie(Task& task) {
  if (!task.callEntered || !task.enterWritten || (task.clearChildTid == 0 && task.robustWrites.empty())) return;
  recordExitWrites(task);
  task.clearChildTid = 0;
  task.robustWrites.clear();
  task.execWrites.clear();
  task.callEntered = false;
  // Without checksums: it has left its memory, and who executes a program in its place has its id, and memory of its
  // own.
  writeFrame(schema::EventKind::kSyscallExit, task, static_cast<int>(task.call), task.entry, 0, 0);
}

// What the kernel stored in memory that others share as the task left its own.
void Recorder::recordExitWrites(const Task& task) {
  bool memoryLives = false;
  for (auto& [each, other] : tasks_) memoryLives |= each != task.tid && other->space == task.space;
  if (memoryLives && task.clearChildTid != 0) {
    // mm_release() in the kernel stores zero there while others use the memory.
    writer_.memory(task.tid, task.space->memory, task.clearChildTid, sizeof(pid_t));
  }
  for (const Task::RobustWrite& write : task.robustWrites) {
    writer_.data(task.tid, schema::DataSpace::kMemory, write.address, &write.value, sizeof write.value);
  }
}

void Recorder::gone(Task& task, int status) {
  const pid_t tid = task.tid;
  if (tid == initialTid_) {
    end_.status = status;
    initialGone_ = true;
    initialGoneAt_ = monotonicNow();
    if (!started_) {
      LaunchReport report;
      if (read(launchReport_, &report, sizeof report) == static_cast<ssize_t>(sizeof report)) {
        end_.launchStep = report.step;
        end_.launchError = report.error;
      }
    }
  }
  if (started_) {
    recordExitWrites(task);
    writer_.task(schema::TaskKind::kExit, tid, 0, task.threadGroup, status, 0, {});
    frame(schema::EventKind::kExit, task, status, task.atEvent);
  }
  endTracing(task, status);
  bury(task);
}

// It is no task of the recording's any more, and has had its last event.
void Recorder::bury(Task& task) {
  if (task.scratch != 0) task.space->unusedScratch.push_back(task.scratch);
  scheduler_.remove(task);
  auto found = tasks_.find(task.tid);
  if (found != tasks_.end()) {
    buried_.push_back(std::move(found->second));
    tasks_.erase(found);
  }
}

}  // namespace rr
