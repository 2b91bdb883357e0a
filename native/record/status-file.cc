// /proc/PID/status of a task of the recording: its tracer is the one that the program gave it, or none.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

constexpr std::string_view kField = "TracerPid:\t";
// How far into what is read the field is looked for.
constexpr int64_t kFarthest = 4096;

// The task that a descriptor's path tells of; 0: it is no such file.
pid_t taskOfStatus(const std::string& link) {
  char target[64];
  const ssize_t length = readlink(link.c_str(), target, sizeof target - 1);
  if (length <= 0) return 0;
  target[length] = 0;
  int process = 0;
  int thread = 0;
  char rest[8] = "";
  if (sscanf(target, "/proc/%d/task/%d/%7s", &process, &thread, rest) == 3)
    process = thread;
  else if (sscanf(target, "/proc/%d/%7s", &process, rest) != 2)
    return 0;
  return std::string_view(rest) == "status" ? process : 0;
}

}  // namespace

// At the end of a read. The text keeps its length, by spaces behind the number: the position in the file tells it.
void Recorder::showProgramTracer(const Task& task, int64_t result) const {
  if (result < static_cast<int64_t>(kField.size())) return;
  uint64_t address = task.arguments[1];
  for (const Task::Redirection& redirection : task.redirections) {
    if (redirection.original == address) address = redirection.scratch;
  }
  std::string text(static_cast<size_t>(std::min(result, kFarthest)), 0);
  if (!task.space->memory.readAll(address, text.data(), text.size())) return;
  const size_t field = text.find(kField);
  if (field == std::string::npos || (field > 0 && text[field - 1] != '\n')) return;
  const size_t start = field + kField.size();
  const size_t end = text.find('\n', start);
  if (end == std::string::npos) return;
  const auto told = tasks_.find(taskOfStatus(descriptorPath(task.tid, static_cast<int>(task.arguments[0]))));
  if (told == tasks_.end()) return;
  std::string number = std::to_string(told->second->tracing.tracer);
  if (number.size() > end - start) return;
  number.resize(end - start, ' ');
  task.space->memory.writeAll(address + start, number.data(), number.size());
}

}  // namespace rr
