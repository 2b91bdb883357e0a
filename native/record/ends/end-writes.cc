#include "record/ends/end-writes.h"

#include <sys/types.h>

#include <algorithm>
#include <vector>

namespace rr {

// As it exits the kernel marks the robust futexes that the task holds (exit_robust_list in the kernel's futex core):
// owner's id out, FUTEX_OWNER_DIED in, FUTEX_WAITERS kept. Others may share that memory when this task's is gone.
void EndWrites::foreseeRobust(Task& task) {
  constexpr int kMostEntries = 2048;       // ROBUST_LIST_LIMIT
  constexpr uint32_t kOwner = 0x3fffffff;  // FUTEX_TID_MASK
  constexpr uint32_t kWaiters = 0x80000000;
  constexpr uint32_t kOwnerDied = 0x40000000;
  task.end.robustWrites.clear();
  if (task.end.robustList == 0) return;
  struct {
    uint64_t first;
    int64_t offset;
    uint64_t pending;
  } head;
  const TraceeMemory& memory = task.space->memory;
  if (!memory.readAll(task.end.robustList, &head, sizeof head)) return;
  const auto foresee = [&](uint64_t entry) {
    const uint64_t address = (entry & ~1ULL) + static_cast<uint64_t>(head.offset);
    const auto word = memory.readValue<uint32_t>(address);
    if (word && (*word & kOwner) == static_cast<uint32_t>(task.tid)) {
      task.end.robustWrites.push_back({address, (*word & kWaiters) | kOwnerDied});
    }
  };
  uint64_t entry = head.first;
  for (int i = 0; i < kMostEntries && (entry & ~1ULL) != task.end.robustList; i++) {
    foresee(entry);
    const auto next = memory.readValue<uint64_t>(entry & ~1ULL);
    if (!next) break;
    entry = *next;
  }
  if (head.pending != 0) foresee(head.pending);
}

// At the entry of an exec, at whose end the kernel marks them the same way. A thread that is not the leader has the
// leader's id by then, so its locks are not found to be its own (de_thread and exec_mmap in the kernel's fs/exec.c).
void EndWrites::foreseeExec(Task& task) {
  task.end.execWrites.clear();
  if (task.tid != task.threadGroup) return;
  callBuffer_.take(task);
  foreseeRobust(task);
  findOtherViews(task);
}

void EndWrites::findOtherViews(Task& task) {
  if (task.end.robustWrites.empty()) return;
  const std::vector<MapLine> maps = readMaps(task.tid);
  for (const TaskEnd::RobustWrite& write : task.end.robustWrites) {
    const auto holds = [](const MapLine& line, uint64_t at) { return line.start <= at && at < line.end; };
    const auto own = std::find_if(maps.begin(), maps.end(), [&](auto& line) { return holds(line, write.address); });
    if (own == maps.end()) continue;
    const uint64_t position = own->offset + (write.address - own->start);
    for (auto& [tid, other] : tree_.all()) {
      if (other->threadGroup == task.threadGroup) continue;
      if (other->space == task.space) {
        task.end.execWrites.push_back({tid, write.address, write.value});
        break;
      }
      if (!own->shared) continue;
      const std::vector<MapLine> views = readMaps(tid);
      const auto view = std::find_if(views.begin(), views.end(), [&](const MapLine& line) {
        return line.shared && line.inode == own->inode && line.deviceMajor == own->deviceMajor &&
               line.deviceMinor == own->deviceMinor && line.offset <= position &&
               position < line.offset + (line.end - line.start);
      });
      if (view == views.end()) continue;
      task.end.execWrites.push_back({tid, view->start + (position - view->offset), write.value});
      break;
    }
  }
}

void EndWrites::recordAtExec(Task& task) {
  for (const TaskEnd::ExecWrite& write : task.end.execWrites) {
    if (tree_.contains(write.tid)) {
      writer_.data(write.tid, schema::DataSpace::kMemory, write.address, &write.value, sizeof write.value);
    }
  }
  task.end.execWrites.clear();
  if (task.end.clearChildTid == 0) return;
  for (auto& [tid, other] : tree_.all()) {
    if (other->space != task.space || other->threadGroup == task.threadGroup) continue;
    writer_.memory(tid, task.space->memory, task.end.clearChildTid, sizeof(pid_t));
    return;
  }
}

void EndWrites::recordAtExit(const Task& task) {
  bool memoryLives = false;
  for (auto& [each, other] : tree_.all()) memoryLives |= each != task.tid && other->space == task.space;
  if (memoryLives && task.end.clearChildTid != 0) {
    // mm_release() in the kernel stores zero there while others use the memory.
    writer_.memory(task.tid, task.space->memory, task.end.clearChildTid, sizeof(pid_t));
  }
  for (const TaskEnd::RobustWrite& write : task.end.robustWrites) {
    writer_.data(task.tid, schema::DataSpace::kMemory, write.address, &write.value, sizeof write.value);
  }
}

}  // namespace rr
