#include "record/tree/task-state.h"

#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "tracee/process-file.h"

namespace rr {

namespace {

// What stands behind the first occurrence of `name` at the start of a line, to the line's end; empty without one.
std::string_view lineOf(std::string_view text, std::string_view name) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    if (line.starts_with(name)) return line.substr(name.size());
    at = end + 1;
  }
  return {};
}

uint64_t hexadecimalLine(std::string_view text, std::string_view name) {
  return strtoull(std::string(lineOf(text, name)).c_str(), nullptr, 16);
}

// Pages of the task's address space, the first number of /proc/TID/statm; nothing when there is no such task.
std::optional<uint64_t> mappedPages(pid_t tid) {
  const std::string text = readProcessFile(tid, "statm");
  if (text.empty()) return std::nullopt;
  return strtoull(text.c_str(), nullptr, 10);
}

// What /proc/TID/stat tells behind the program's name, from the state on; empty when there is no such task.
std::string statFields(pid_t tid) {
  const std::string text = readProcessFile(tid, "stat");
  const size_t behindName = text.rfind(") ");
  return behindName == std::string::npos ? std::string() : text.substr(behindName + 2);
}

}  // namespace

char taskState(pid_t tid) {
  const std::string fields = statFields(tid);
  return fields.empty() ? 0 : fields[0];
}

bool sleeps(pid_t tid) {
  const char state = taskState(tid);
  return state == 'S' || state == 'D';
}

uint64_t heapStart(pid_t tid) {
  // The state is field 3.
  constexpr int kField = 47;
  const std::string fields = statFields(tid);
  size_t start = 0;
  for (int field = 3; field < kField; field++) {
    start = fields.find(' ', start);
    if (start == std::string::npos) return 0;
    start++;
  }
  return strtoull(fields.c_str() + start, nullptr, 10);
}

uint64_t addressSpaceSize(pid_t tid) { return mappedPages(tid).value_or(0) * 4096; }

bool leadsNamespace(pid_t tid) {
  // Its process's number in each namespace, ours first.
  const std::string text = readProcessFile(tid, "status");
  const std::string_view numbers = lineOf(text, "NStgid:\t");
  return std::ranges::count(numbers, '\t') > 0 && numbers.ends_with("\t1");
}

bool hasLeftMemory(pid_t tid) { return mappedPages(tid).value_or(0) == 0; }

bool filtersInForce(pid_t tid) { return lineOf(readProcessFile(tid, "status"), "Seccomp:\t") == "2"; }

SignalSets readSignalSets(pid_t tid) {
  const std::string text = readProcessFile(tid, "status");
  SignalSets sets;
  sets.pending = hexadecimalLine(text, "SigPnd:");
  sets.sharedPending = hexadecimalLine(text, "ShdPnd:");
  sets.blocked = hexadecimalLine(text, "SigBlk:");
  sets.ignored = hexadecimalLine(text, "SigIgn:");
  sets.caught = hexadecimalLine(text, "SigCgt:");
  return sets;
}

std::string descriptorPath(pid_t tid, int fd) { return "/proc/" + std::to_string(tid) + "/fd/" + std::to_string(fd); }

namespace {

// A line of /proc/PID/fdinfo/N that holds one number.
std::optional<uint64_t> descriptorFact(pid_t tid, int fd, std::string_view name, int base) {
  const std::string text = readProcessFile(tid, ("fdinfo/" + std::to_string(fd)).c_str());
  const std::string number(lineOf(text, name));
  if (number.empty()) return std::nullopt;
  return strtoull(number.c_str(), nullptr, base);
}

}  // namespace

std::optional<uint64_t> descriptorPosition(pid_t tid, int fd) { return descriptorFact(tid, fd, "pos:", 10); }

std::optional<uint64_t> descriptorFlags(pid_t tid, int fd) { return descriptorFact(tid, fd, "flags:", 8); }

pid_t taskOfFile(pid_t tid, int descriptor, std::string_view name) {
  char target[64];
  const ssize_t length = readlink(descriptorPath(tid, descriptor).c_str(), target, sizeof target - 1);
  if (length <= 0) return 0;
  target[length] = 0;
  int task = 0;
  char rest[16] = "";
  if (sscanf(target, "/proc/%*d/task/%d/%15s", &task, rest) != 2 && sscanf(target, "/proc/%d/%15s", &task, rest) != 2) {
    return 0;
  }
  return rest == name ? task : 0;
}

}  // namespace rr
