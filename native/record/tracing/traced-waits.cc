#include "record/tracing/traced-waits.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "record/as-task.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr int64_t kRestartSystem = -512;     // ERESTARTSYS
constexpr int64_t kRestartNoHandler = -514;  // ERESTARTNOHAND: the end of pause()
constexpr int kStatusStopped = 0x7f;

}  // namespace

TracedWaits::WaitWanted TracedWaits::wantedBy(const Task& task) const {
  WaitWanted wanted;
  if (task.call == SYS_wait4) {
    const pid_t pid = static_cast<pid_t>(task.arguments[0]);
    wanted.options = static_cast<int>(task.arguments[2]);
    wanted.tid = pid > 0 ? pid : 0;
    wanted.group = pid == 0 ? getpgid(task.tid) : pid < -1 ? -pid : 0;
    return wanted;
  }
  wanted.options = static_cast<int>(task.arguments[3]);
  const pid_t id = static_cast<pid_t>(task.arguments[1]);
  switch (static_cast<int>(task.arguments[0])) {
    case P_ALL:
      break;
    case P_PID:
      wanted.tid = id;
      break;
    case P_PGID:
      wanted.group = id == 0 ? getpgid(task.tid) : id;
      break;
    default:
      wanted.any = false;
  }
  return wanted;
}

bool TracedWaits::matches(const WaitWanted& wanted, pid_t tid, pid_t group) const {
  if (!wanted.any) return false;
  if (wanted.tid != 0) return wanted.tid == tid;
  return wanted.group == 0 || wanted.group == group;
}

// Whether the tracee is one for this task to wait for: its own, or another thread's of its process.
bool TracedWaits::waitsFor(const Task& task, const WaitWanted& wanted, const Task& tracee) const {
  Task* const tracer = tree_.find(tracee.tracing.tracer);
  if (!tracer || tracer->threadGroup != task.threadGroup) return false;
  if ((wanted.options & __WNOTHREAD) && tracer->tid != task.tid) return false;
  return matches(wanted, tracee.tid, wanted.group != 0 ? getpgid(tracee.tid) : 0);
}

WaitEntry TracedWaits::enterWait(Task& task) {
  task.waitPaused = false;
  const WaitWanted wanted = wantedBy(task);
  bool hasTracee = false;
  bool outsideChildren = false;
  for (auto& [tid, other] : tree_.all()) {
    if (!other->tracing.traced() || !waitsFor(task, wanted, *other)) continue;
    hasTracee = true;
    outsideChildren |= !stops_.isRealChild(*other, task);
  }
  if (!hasTracee && stops_.ended().empty()) return {};
  if (const auto result = tellStop(task, wanted)) {
    static thread_local std::vector<OutRange> ranges;
    ranges.clear();
    task.out.exit(*result, task.space->memory, ranges);
    for (const OutRange& range : ranges) writer_.memory(task.tid, task.space->memory, range.address, range.length);
    return {WaitEntry::Kind::answered, *result};
  }
  if (!outsideChildren || (wanted.options & WNOHANG)) return {};
  user_regs_struct registers = task.entry;
  registers.orig_rax = SYS_pause;
  if (!setRegisters(task.tid, registers)) return tree_.lost(task), WaitEntry{WaitEntry::Kind::gone};
  task.waitPaused = true;
  return {WaitEntry::Kind::paused};
}

void TracedWaits::exitWait(Task& task, user_regs_struct& registers) {
  const bool paused = std::exchange(task.waitPaused, false);
  const WaitWanted wanted = wantedBy(task);
  const int64_t kernels = static_cast<int64_t>(registers.rax);
  int64_t result = kernels;
  bool hasTracee = false;
  for (auto& [tid, other] : tree_.all()) hasTracee |= other->tracing.traced() && waitsFor(task, wanted, *other);
  if (paused || kernels == kRestartSystem || kernels == -EINTR) {
    if (paused) result = kRestartSystem;
    if (const auto told = tellStop(task, wanted)) {
      result = *told;
    } else if (paused) {
      if (const auto own = askKernel(task, hasTracee)) result = *own;
    }
  } else if (kernels == -ECHILD && hasTracee) {
    if (const auto told = tellStop(task, wanted)) {
      result = *told;
    } else if (wanted.options & WNOHANG) {
      result = 0;
    } else {
      // Its tracee has come while it was on its way: it asks again.
      result = kRestartSystem;
    }
  } else if (kernels == -ECHILD) {
    if (const auto told = tellStop(task, wanted)) result = *told;
  }
  task.waitGoesOn = result == kRestartSystem;
  if (!paused && result == kernels) return;
  registers.rax = static_cast<unsigned long long>(result);
  registers.orig_rax = static_cast<unsigned long long>(task.call);
  if (!setRegisters(task.tid, registers)) tree_.lost(task);
}

void TracedWaits::haveRestarted(Task& task) {
  if (ptrace(PTRACE_INTERRUPT, task.tid, 0, 0) == 0) task.stops.interrupted = true;
}

// What the kernel knows of the children of a task that waited in pause(); nothing while it must go on waiting.
std::optional<int64_t> TracedWaits::askKernel(Task& task, bool hasTracee) {
  uint64_t arguments[6];
  memcpy(arguments, task.arguments, sizeof arguments);
  arguments[task.call == SYS_wait4 ? 2 : 3] |= WNOHANG;
  const uint64_t information = task.call == SYS_waitid ? arguments[2] : 0;
  siginfo_t before;
  if (information != 0 && !task.space->memory.readAll(information, &before, sizeof before)) return -EFAULT;
  const long result = syscallByStops(task.tid, task.call, arguments);
  if (result == -ECHILD && hasTracee) return std::nullopt;
  if (result != 0 || task.call == SYS_wait4) return result == 0 ? std::nullopt : std::optional<int64_t>(result);
  siginfo_t after = {};
  if (information == 0 || !task.space->memory.readAll(information, &after, sizeof after)) return result;
  if (after.si_pid != 0) return result;
  task.space->memory.writeAll(information, &before, sizeof before);
  return std::nullopt;
}

// A stop, or an end, that nobody has been told of: written where the task wants it, and the call's result.
std::optional<int64_t> TracedWaits::tellStop(Task& task, const WaitWanted& wanted) {
  for (auto& [tid, other] : tree_.all()) {
    Tracing& tracing = other->tracing;
    if (!tracing.stopped || tracing.reported || !waitsFor(task, wanted, *other)) continue;
    if (!(wanted.options & WNOWAIT)) tracing.reported = true;
    return tellStatus(task, tid, tracing.stop.code << 8 | kStatusStopped);
  }
  std::vector<EndedTracee>& all = stops_.ended();
  for (auto ended = all.begin(); ended != all.end(); ++ended) {
    Task* const tracer = tree_.find(ended->tracer);
    if (!tracer || tracer->threadGroup != task.threadGroup) continue;
    if (!matches(wanted, ended->tid, ended->group)) continue;
    if (task.call == SYS_waitid && !(wanted.options & WEXITED)) continue;
    const EndedTracee told = *ended;
    if (!(wanted.options & WNOWAIT)) all.erase(ended);
    return tellStatus(task, told.tid, told.status);
  }
  return std::nullopt;
}

int64_t TracedWaits::tellStatus(Task& task, pid_t tid, int status) {
  const rusage usage = {};
  const uint64_t usageAt = task.arguments[task.call == SYS_wait4 ? 3 : 4];
  const auto write = [&](uint64_t address, const void* bytes, size_t length) {
    if (address == 0) return true;
    for (const Task::Redirection& redirection : task.redirections) {
      if (redirection.original == address) address = redirection.scratch;
    }
    return writeAsTask(task, address, bytes, length);
  };
  if (!write(usageAt, &usage, sizeof usage)) return -EFAULT;
  if (task.call == SYS_wait4) return write(task.arguments[1], &status, sizeof status) ? tid : -EFAULT;
  siginfo_t info = {};
  info.si_signo = SIGCHLD;
  info.si_pid = tid;
  if (WIFSTOPPED(status)) {
    info.si_code = CLD_TRAPPED;
    info.si_status = status >> 8;
  } else if (WIFEXITED(status)) {
    info.si_code = CLD_EXITED;
    info.si_status = WEXITSTATUS(status);
  } else {
    info.si_code = WCOREDUMP(status) ? CLD_DUMPED : CLD_KILLED;
    info.si_status = WTERMSIG(status);
  }
  return write(task.arguments[2], &info, sizeof info) ? 0 : -EFAULT;
}

}  // namespace rr
