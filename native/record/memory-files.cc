// A tracee's memory as a file, /proc/PID/mem, written by system calls.
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>

#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

void Recorder::recordMemoryFileWrites(Task& task, int64_t result) {
  if (result <= 0) return;
  const int descriptor = static_cast<int>(task.arguments[0]);
  const uint64_t bytes = static_cast<uint64_t>(result);
  const bool atPosition = task.call == SYS_write || task.call == SYS_writev;
  if (!atPosition && task.call != SYS_pwrite64 && task.call != SYS_pwritev && task.call != SYS_pwritev2) return;
  const std::string link = descriptorPath(task.tid, descriptor);
  char target[64];
  const ssize_t length = readlink(link.c_str(), target, sizeof target - 1);
  if (length <= 0) return;
  target[length] = 0;
  int process = 0;
  int thread = 0;
  char rest[8] = "";
  if (sscanf(target, "/proc/%d/task/%d/%7s", &process, &thread, rest) == 3) {
    process = thread;
  } else if (sscanf(target, "/proc/%d/%7s", &process, rest) != 2) {
    return;
  }
  const auto written = tasks_.find(process);
  if (std::string_view(rest) != "mem" || written == tasks_.end()) return;
  const std::optional<uint64_t> end =
      atPosition ? descriptorPosition(task.tid, descriptor) : std::optional(task.arguments[3] + bytes);
  if (end) writer_.memory(written->first, written->second->space->memory, *end - bytes, bytes);
}

}  // namespace rr
