// /proc/PID/status and stat of a task of the recording: its tracer is the one that the program gave it, or none, and
// what our stops make of its state is not told.
#include "record/status-file.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

// How far into what is read the fields are looked for.
constexpr int64_t kFarthest = 4096;
constexpr std::string_view kTracer = "TracerPid:\t";
constexpr std::string_view kState = "State:\t";

// The task that a descriptor's path tells of, by a file of that name; 0: it is no such file.
pid_t taskOfFile(const std::string& link, std::string_view name) {
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
  return rest == name ? process : 0;
}

// Puts a value in the place of another, with spaces behind it. False where it has no room.
bool replace(std::string& text, const TextRange& range, std::string value) {
  if (value.size() > range.end - range.start) return false;
  value.resize(range.end - range.start, ' ');
  text.replace(range.start, value.size(), value);
  return true;
}

// The state that a task stopped by us has for the program; nothing where it is stopped for the program, too.
std::optional<char> stateWithoutUs(const Task& task) {
  if (task.tracing.stopped) return std::nullopt;
  return task.state == Task::State::groupStopped || task.stopAgain ? 'T' : 'R';
}

}  // namespace

std::optional<TextRange> fieldOf(std::string_view text, std::string_view name) {
  size_t start = text.find(name);
  while (start != std::string_view::npos && start > 0 && text[start - 1] != '\n') start = text.find(name, start + 1);
  if (start == std::string_view::npos) return std::nullopt;
  start += name.size();
  const size_t end = text.find('\n', start);
  if (end == std::string_view::npos) return std::nullopt;
  return TextRange{start, end};
}

std::optional<TextRange> stateOfStat(std::string_view text) {
  // The name of the program, in parentheses, may hold any characters; behind it there are none but numbers.
  const size_t name = text.rfind(") ");
  if (text.empty() || text[0] < '0' || text[0] > '9' || name == std::string_view::npos) return std::nullopt;
  const size_t start = name + 2;
  if (start + 1 >= text.size() || text[start + 1] != ' ') return std::nullopt;
  return TextRange{start, start + 1};
}

// At the end of a read. The text keeps its length, by spaces behind a value: the position in the file tells it.
void Recorder::showProgramState(const Task& task, int64_t result) const {
  if (result < static_cast<int64_t>(kState.size())) return;
  const uint64_t address = task.placeOf(task.arguments[1]);
  std::string text(static_cast<size_t>(std::min(result, kFarthest)), 0);
  if (!task.space->memory.readAll(address, text.data(), text.size())) return;
  const auto tracer = fieldOf(text, kTracer);
  const auto state = fieldOf(text, kState);
  const auto letter = tracer || state ? std::nullopt : stateOfStat(text);
  const auto stopped = state ? state : letter;
  if (!tracer && !(stopped && text[stopped->start] == 't')) return;
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  const auto told = tasks_.find(taskOfFile(link, letter ? "stat" : "status"));
  if (told == tasks_.end()) return;
  const std::optional<char> without = stateWithoutUs(*told->second);
  bool changed = tracer && replace(text, *tracer, std::to_string(told->second->tracing.tracer));
  if (stopped && without && text[stopped->start] == 't') {
    const std::string words = *without == 'T' ? "T (stopped)" : "R (running)";
    changed |= replace(text, *stopped, letter ? std::string(1, *without) : words);
  }
  if (changed) task.space->memory.writeAll(address, text.data(), text.size());
}

}  // namespace rr
