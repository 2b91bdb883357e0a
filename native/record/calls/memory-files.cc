#include "record/calls/memory-files.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <optional>

#include "record/program-maps.h"
#include "record/tree/task-state.h"

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

const Task* MemoryFiles::target(const Task& task) const {
  if (!atPosition(task.call) && task.call != SYS_pwrite64 && task.call != SYS_pwritev && task.call != SYS_pwritev2) {
    return nullptr;
  }
  return tree_.find(taskOfFile(task.tid, static_cast<int>(task.arguments[0]), "mem"));
}

EntryAnswer MemoryFiles::enterWrite(Task& task) const {
  const Task* const written = target(task);
  if (!written) return {};
  const std::optional<uint64_t> start = atPosition(task.call)
                                            ? descriptorPosition(task.tid, static_cast<int>(task.arguments[0]))
                                            : std::optional(task.arguments[3]);
  if (!start) return {};
  uint64_t length = task.arguments[2];
  if (isVector(task.call)) {
    length = 0;
    for (uint64_t i = 0; i < std::min<uint64_t>(task.arguments[2], IOV_MAX); i++) {
      const auto buffer = task.space->memory.readValue<iovec>(task.arguments[1] + i * sizeof(iovec));
      if (buffer) length += buffer->iov_len;
    }
  }
  const auto ours = firstOfOurs(*written->space, *start, length);
  if (!ours) return {};
  if (*ours == *start || isVector(task.call)) return EntryAnswer::of(-EIO);
  user_regs_struct registers = task.entry;
  registers.rdx = *ours - *start;
  task.changedArgument = {&user_regs_struct::rdx, task.arguments[2]};
  if (!setRegisters(task.tid, registers)) return EntryAnswer::lost();
  return {};
}

EntryAnswer MemoryFiles::enterRemoteWrite(Task& task) const {
  const Task* const written = tree_.find(static_cast<pid_t>(task.arguments[0]));
  if (!written) return {};
  for (uint64_t i = 0; i < std::min<uint64_t>(task.arguments[4], IOV_MAX); i++) {
    const auto buffer = task.space->memory.readValue<iovec>(task.arguments[3] + i * sizeof(iovec));
    if (!buffer) return {};
    if (!firstOfOurs(*written->space, reinterpret_cast<uint64_t>(buffer->iov_base), buffer->iov_len)) continue;
    if (i == 0) return EntryAnswer::of(-EFAULT);
    user_regs_struct registers = task.entry;
    registers.r8 = i;
    task.changedArgument = {&user_regs_struct::r8, task.arguments[4]};
    if (!setRegisters(task.tid, registers)) return EntryAnswer::lost();
    return {};
  }
  return {};
}

void MemoryFiles::recordWrites(const Task& task, int64_t result) {
  if (result <= 0) return;
  const Task* written = target(task);
  if (!written) return;
  const uint64_t bytes = static_cast<uint64_t>(result);
  const std::optional<uint64_t> end = atPosition(task.call)
                                          ? descriptorPosition(task.tid, static_cast<int>(task.arguments[0]))
                                          : std::optional(task.arguments[3] + bytes);
  if (end) writer_.memory(written->tid, written->space->memory, *end - bytes, bytes);
}

}  // namespace rr
