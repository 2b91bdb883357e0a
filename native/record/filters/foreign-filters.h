// Seccomp filters that are not ours: the program's own, and those that the recording was started under, as in a
// container.
#pragma once

#include <sys/ptrace.h>

#include "record/tree/task-tree.h"

namespace rr {

class ForeignFilters {
 public:
  explicit ForeignFilters(const TaskTree& tree) : tree_(tree) {}

  // One from outside is in force. `dispatches`: calls can be buffered all the same (calls/dispatch.h).
  void noteOuter(bool dispatches) {
    outer_ = true;
    dispatches_ = dispatches;
  }
  bool outer() const { return outer_; }

  // One has a say in the task's calls.
  bool concern(const Task& task) const { return task.filters.own || (outer_ && tree_.isStarted()); }
  // It would judge the runtime's calls, and nothing keeps the program's apart from them.
  bool preventBuffering(const Task& task) const { return task.filters.own || (outer_ && !dispatches_); }
  // How the task is resumed to run user code, so that its next call stops.
  int userCodeRequest(const Task& task) const {
    return concern(task) && !task.filters.dispatched ? PTRACE_SYSCALL : PTRACE_CONT;
  }

 private:
  const TaskTree& tree_;
  bool outer_ = false;
  bool dispatches_ = false;
};

}  // namespace rr
