// What the kernel writes into memory as a task leaves it, by its exit or by executing a program: the word of
// set_tid_address(2), and the robust futexes that it holds.
#pragma once

#include "record/events/frame-writer.h"
#include "record/runtime/call-buffer.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class EndWrites {
 public:
  EndWrites(FrameWriter& writer, const TaskTree& tree, CallBuffer& callBuffer)
      : writer_(writer), tree_(tree), callBuffer_(callBuffer) {}

  // Of a task that is about to exit, while its memory can be read: which futexes will be marked.
  void foreseeRobust(Task& task);
  // Of the robust futexes that are to be marked when this task's view of the memory is gone: who else sees them, and
  // where.
  void findOtherViews(Task& task);
  // At the entry of an exec.
  void foreseeExec(Task& task);
  // With the event of an exec: what the kernel wrote into memory that the task shared with others and has left.
  void recordAtExec(Task& task);
  // What the kernel stored in memory that others share as the task left its own.
  void recordAtExit(const Task& task);

 private:
  FrameWriter& writer_;
  const TaskTree& tree_;
  CallBuffer& callBuffer_;
};

}  // namespace rr
