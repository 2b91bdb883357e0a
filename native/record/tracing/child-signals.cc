#include "record/tracing/child-signals.h"

#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "record/tree/task-state.h"

namespace rr {

namespace {

// Upper half of the value that goes with a SIGCHLD of ours: the lower one is si_status.
constexpr uint32_t kChildMark = 0x72725447;

}  // namespace

uid_t userOf(pid_t tid) {
  struct stat identity = {};
  stat(("/proc/" + std::to_string(tid)).c_str(), &identity);
  return identity.st_uid;
}

void tellOfChild(const TaskTree& tree, const Task& tracer, pid_t child, int code, int status) {
  const SignalSets sets = readSignalSets(tracer.tid);
  bool noticed = contains(sets.caught | sets.blocked, SIGCHLD);
  for (auto& [tid, task] : tree.all()) {
    // In its mask it is not blocked meanwhile.
    noticed |= task->threadGroup == tracer.threadGroup && task->callEntered && task->call == SYS_rt_sigtimedwait;
  }
  if (!noticed) return;
  // Who ignores it, or does not want to hear of stops, is told of ends alone (do_notify_parent_cldstop in the kernel).
  if (code == CLD_TRAPPED && (contains(sets.ignored, SIGCHLD) || tracer.signals.sysAction->childStopsUntold)) return;
  siginfo_t info = {};
  info.si_signo = SIGCHLD;
  info.si_code = SI_QUEUE;
  info.si_pid = child;
  info.si_uid = userOf(child);
  const uint64_t value = uint64_t{kChildMark} << 32 | static_cast<uint32_t>(code) << 16 | static_cast<uint32_t>(status);
  memcpy(&info.si_value, &value, sizeof value);
  syscall(SYS_rt_sigqueueinfo, tracer.threadGroup, SIGCHLD, &info);
}

void childSignal(siginfo_t& info) {
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

void childSignalsTaken(Task& task, int64_t result) {
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

}  // namespace rr
