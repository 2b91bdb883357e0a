// Calls that move much memory. While one of them is at work the kernel is half way through memory that other tasks see
// or change, and where half way is no replay can tell. So none of them has its turn until the call has ended, or waits
// for something.
#pragma once

#include "record/files/shared-files.h"
#include "record/tree/task-tree.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class SeeThrough {
 public:
  SeeThrough(TaskTree& tree, Waits& waits, const SharedFiles& sharedFiles)
      : tree_(tree), waits_(waits), sharedFiles_(sharedFiles) {}

  // Whether the call that the task is in moves more than is moved at once, in memory that others can reach.
  bool movesMuch(const Task& task) const;
  // Waits until the call has ended or waits for something.
  void await(Task& task);

 private:
  TaskTree& tree_;
  Waits& waits_;
  const SharedFiles& sharedFiles_;
};

}  // namespace rr
