// /sys/devices/system/cpu/online, by which the C library counts processors: it names those that the program is told of.
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

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

}  // namespace

// At the end of a read.
void Recorder::showToldProcessors(Task& task, user_regs_struct& registers) {
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
  std::string told = listOf(toldProcessors());
  told = told.substr(std::min<uint64_t>(start, told.size()), task.arguments[2]);
  registers.rax = told.size();
  // What the kernel has written behind that goes, unless it is in scratch memory: most buffers hold zeros before a
  // read.
  const uint64_t over = text.size() > told.size() && address == task.arguments[1] ? text.size() - told.size() : 0;
  told.resize(told.size() + over, 0);
  if (!told.empty() && !task.space->memory.writeAll(address, told.data(), told.size())) return;
  if (over > 0) writer_.memory(task.tid, task.space->memory, address + registers.rax, over);
  if (!setRegisters(task.tid, registers)) lost(task);
}

}  // namespace rr
