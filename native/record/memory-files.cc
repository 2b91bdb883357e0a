// A tracee's memory as a file, /proc/PID/mem, written by system calls.
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "record/program-maps.h"
#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

bool atPosition(long call) { return call == SYS_write || call == SYS_writev; }
bool isVector(long call) { return call == SYS_writev || call == SYS_pwritev || call == SYS_pwritev2; }

// The first byte of ours in a range of memory of the program's; nothing when it has none.
std::optional<uint64_t> firstOfOurs(const AddressSpace& space, uint64_t start, uint64_t length) {
  for (const AddressRange& range : ownMemory(space)) {
    if (start < range.end && range.start - std::min(range.start, start) < length) return std::max(start, range.start);
  }
  return std::nullopt;
}

}  // namespace

// The task whose memory the call writes to by a file; nullptr for any other file.
Task* Recorder::memoryFileTarget(const Task& task) const {
  if (!atPosition(task.call) && task.call != SYS_pwrite64 && task.call != SYS_pwritev && task.call != SYS_pwritev2) {
    return nullptr;
  }
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  char target[64];
  const ssize_t length = readlink(link.c_str(), target, sizeof target - 1);
  if (length <= 0) return nullptr;
  target[length] = 0;
  int process = 0;
  int thread = 0;
  char rest[8] = "";
  if (sscanf(target, "/proc/%d/task/%d/%7s", &process, &thread, rest) == 3) {
    process = thread;
  } else if (sscanf(target, "/proc/%d/%7s", &process, rest) != 2) {
    return nullptr;
  }
  const auto written = tasks_.find(process);
  return std::string_view(rest) != "mem" || written == tasks_.end() ? nullptr : written->second.get();
}

// At the entry of a write: memory of ours is as if it were not there, so the call ends before it. True when it was
// answered.
bool Recorder::enterMemoryFileWrite(Task& task) {
  const Task* target = memoryFileTarget(task);
  if (!target) return false;
  const std::optional<uint64_t> start = atPosition(task.call)
                                            ? descriptorPosition(task.tid, static_cast<int>(task.arguments[0]))
                                            : std::optional(task.arguments[3]);
  if (!start) return false;
  uint64_t length = task.arguments[2];
  if (isVector(task.call)) {
    length = 0;
    for (uint64_t i = 0; i < std::min<uint64_t>(task.arguments[2], IOV_MAX); i++) {
      const auto buffer = task.space->memory.readValue<iovec>(task.arguments[1] + i * sizeof(iovec));
      if (buffer) length += buffer->iov_len;
    }
  }
  const auto ours = firstOfOurs(*target->space, *start, length);
  if (!ours) return false;
  if (*ours == *start || isVector(task.call)) return refuseCall(task, -EIO), true;
  user_regs_struct registers = task.entry;
  registers.rdx = *ours - *start;
  task.changedArgument = {&user_regs_struct::rdx, task.arguments[2]};
  if (!setRegisters(task.tid, registers)) return lost(task), true;
  return false;
}

// At the entry of process_vm_writev: the same, by whole buffers.
bool Recorder::enterRemoteWrite(Task& task) {
  const auto target = tasks_.find(static_cast<pid_t>(task.arguments[0]));
  if (target == tasks_.end()) return false;
  for (uint64_t i = 0; i < std::min<uint64_t>(task.arguments[4], IOV_MAX); i++) {
    const auto buffer = task.space->memory.readValue<iovec>(task.arguments[3] + i * sizeof(iovec));
    if (!buffer) return false;
    if (!firstOfOurs(*target->second->space, reinterpret_cast<uint64_t>(buffer->iov_base), buffer->iov_len)) continue;
    if (i == 0) return refuseCall(task, -EFAULT), true;
    user_regs_struct registers = task.entry;
    registers.r8 = i;
    task.changedArgument = {&user_regs_struct::r8, task.arguments[4]};
    if (!setRegisters(task.tid, registers)) return lost(task), true;
    return false;
  }
  return false;
}

void Recorder::recordMemoryFileWrites(Task& task, int64_t result) {
  if (result <= 0) return;
  const Task* written = memoryFileTarget(task);
  if (!written) return;
  const uint64_t bytes = static_cast<uint64_t>(result);
  const std::optional<uint64_t> end = atPosition(task.call)
                                          ? descriptorPosition(task.tid, static_cast<int>(task.arguments[0]))
                                          : std::optional(task.arguments[3] + bytes);
  if (end) writer_.memory(written->tid, written->space->memory, *end - bytes, bytes);
}

}  // namespace rr
