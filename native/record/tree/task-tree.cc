#include "record/tree/task-tree.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include <utility>

#include "tracee/clock.h"

namespace rr {

Task* TaskTree::find(pid_t tid) const {
  const auto found = tasks_.find(tid);
  return found == tasks_.end() ? nullptr : found->second.get();
}

bool TaskTree::sharesMemory(const Task& task) const {
  for (const auto& [tid, other] : tasks_) {
    if (other.get() != &task && other->space == task.space && other->state != Task::State::dying) return true;
  }
  return false;
}

Task& TaskTree::add(std::unique_ptr<Task> task) {
  std::unique_ptr<Task>& place = tasks_[task->tid];
  place = std::move(task);
  return *place;
}

void TaskTree::bury(Task& task) {
  if (task.end.letGo) letGo_--;
  scheduler_.remove(task);
  const auto found = tasks_.find(task.tid);
  if (found == tasks_.end()) return;
  buried_.push_back(std::move(found->second));
  tasks_.erase(found);
}

void TaskTree::buryAll() {
  while (!tasks_.empty()) bury(*tasks_.begin()->second);
}

Task& TaskTree::takeOver(Task& leader, pid_t former) {
  const auto found = tasks_.find(former);
  if (former == leader.tid || found == tasks_.end()) return leader;
  std::unique_ptr<Task> thread = std::move(found->second);
  tasks_.erase(found);
  scheduler_.remove(leader);
  scheduler_.remove(*thread);
  thread->end.execWrites = std::move(leader.end.execWrites);
  thread->tid = leader.tid;
  buried_.push_back(std::move(tasks_[leader.tid]));
  scheduler_.add(*thread, thread->scheduling.ownLevel);
  return add(std::move(thread));
}

void TaskTree::cameFrom(Task& task, int status) {
  task.pending = status;
  scheduler_.statusCame(task);
}

void TaskTree::noteStatus(pid_t tid, int status) {
  if (Task* const task = find(tid)) {
    cameFrom(*task, status);
  } else {
    firstStops_[tid] = status;
  }
}

void TaskTree::lost(Task& task) {
  const int error = errno;
  log_.debug(task, "gone while stopped: %s", strerror(error));
  const bool again = task.state == Task::State::dying;
  task.state = Task::State::dying;
  if (again || error != EIO || incomplete_) return;
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers)) return;
  // Registers that cannot be set: it is not gone.
  refuse(task, "task " + std::to_string(task.tid) +
                   " cannot be recorded any further: the kernel refuses to let its tracer work on it (" +
                   strerror(error) + ")");
}

void TaskTree::refuse(Task& task, const std::string& why) {
  log_.fatal(why);
  terminate();
  lost(task);
}

void TaskTree::killAll() {
  for (auto& [tid, task] : tasks_) {
    kill(task->threadGroup, SIGKILL);
    task->signals.stashed.clear();
  }
}

void TaskTree::terminate() {
  incomplete_ = true;
  killAll();
}

void TaskTree::initialGone(int status) {
  initial_.status = status;
  initial_.goneAt = monotonicNow();
}

void TaskTree::letGo(Task& task) {
  task.end.letGo = true;
  letGo_++;
}

}  // namespace rr
