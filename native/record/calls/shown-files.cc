#include "record/calls/shown-files.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "record/calls/status-file.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

// How far into what is read the fields are looked for.
constexpr int64_t kFarthest = 4096;
constexpr std::string_view kTracer = "TracerPid:\t";
constexpr std::string_view kState = "State:\t";

constexpr std::string_view kOnline = "/sys/devices/system/cpu/online";
// A list of more processors than this is not looked at. Bytes.
constexpr int64_t kLongest = 4096;

// As the kernel writes it: ranges, with commas between them (cpulist_parse() in the kernel).
std::string listOf(std::vector<int> processors) {
  std::ranges::sort(processors);
  std::string list;
  for (size_t first = 0; first < processors.size();) {
    size_t last = first;
    while (last + 1 < processors.size() && processors[last + 1] == processors[last] + 1) last++;
    list += (list.empty() ? "" : ",") + std::to_string(processors[first]);
    if (last > first) list += "-" + std::to_string(processors[last]);
    first = last + 1;
  }
  return list + "\n";
}

bool isOnlineFile(const Task& task) {
  char target[64];
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  const ssize_t length = readlink(link.c_str(), target, sizeof target);
  return length > 0 && std::string_view(target, static_cast<size_t>(length)) == kOnline;
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
  return task.state == Task::State::groupStopped || task.stops.again ? 'T' : 'R';
}

}  // namespace

void ShownFiles::show(Task& task, user_regs_struct& registers) {
  personality_.show(task, static_cast<int64_t>(registers.rax));
  showProgramState(task, static_cast<int64_t>(registers.rax));
  showToldProcessors(task, registers);
}

// The text keeps its length, by spaces behind a value: the position in the file tells it.
void ShownFiles::showProgramState(const Task& task, int64_t result) const {
  if (result < static_cast<int64_t>(kState.size())) return;
  const uint64_t address = task.placeOf(task.arguments[1]);
  std::string text(static_cast<size_t>(std::min(result, kFarthest)), 0);
  if (!task.space->memory.readAll(address, text.data(), text.size())) return;
  const auto tracer = fieldOf(text, kTracer);
  const auto state = fieldOf(text, kState);
  const auto letter = tracer || state ? std::nullopt : stateOfStat(text);
  const auto stopped = state ? state : letter;
  if (!tracer && !(stopped && text[stopped->start] == 't')) return;
  const pid_t process = taskOfFile(task.tid, static_cast<int>(task.arguments[0]), letter ? "stat" : "status");
  const Task* const told = tree_.find(process);
  if (!told) return;
  const std::optional<char> without = stateWithoutUs(*told);
  bool changed = tracer && replace(text, *tracer, std::to_string(told->tracing.tracer));
  if (stopped && without && text[stopped->start] == 't') {
    const std::string words = *without == 'T' ? "T (stopped)" : "R (running)";
    changed |= replace(text, *stopped, letter ? std::string(1, *without) : words);
  }
  if (changed) task.space->memory.writeAll(address, text.data(), text.size());
}

void ShownFiles::showToldProcessors(Task& task, user_regs_struct& registers) {
  const int64_t result = static_cast<int64_t>(registers.rax);
  if (result <= 0 || result > kLongest) return;
  const uint64_t address = task.placeOf(task.arguments[1]);
  std::string text(static_cast<size_t>(result), 0);
  if (!task.space->memory.readAll(address, text.data(), text.size())) return;
  if (text.find_first_not_of("0123456789,-\n") != std::string::npos || !isOnlineFile(task)) return;
  uint64_t start = task.arguments[3];
  if (task.call == SYS_read) {
    const auto position = descriptorPosition(task.tid, static_cast<int>(task.arguments[0]));
    if (!position || *position < text.size()) return;
    start = *position - text.size();
  }
  std::string told = listOf(scheduling_.toldProcessors());
  told = told.substr(std::min<uint64_t>(start, told.size()), task.arguments[2]);
  registers.rax = told.size();
  // What the kernel has written behind that goes, unless it is in scratch memory: most buffers hold zeros before a
  // read.
  const uint64_t over = text.size() > told.size() && address == task.arguments[1] ? text.size() - told.size() : 0;
  told.resize(told.size() + over, 0);
  if (!told.empty() && !task.space->memory.writeAll(address, told.data(), told.size())) return;
  if (over > 0) writer_.memory(task.tid, task.space->memory, address + registers.rax, over);
  if (!setRegisters(task.tid, registers)) tree_.lost(task);
}

}  // namespace rr
