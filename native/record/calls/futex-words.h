// Futex words that the kernel itself changes: those of locks with priority inheritance, and FUTEX_WAKE_OP's. Other
// tasks use such a word at the same time, so the kernel must work on the word itself, and never on scratch memory.
//
// A task that waits for a lock has set FUTEX_WAITERS in its word by then. That is part of its syscallEnter event: it
// must have happened before another task looks.
#pragma once

#include "record/events/frame-writer.h"
#include "record/tree/task-tree.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class FutexWords {
 public:
  FutexWords(FrameWriter& writer, TaskTree& tree, Waits& waits) : writer_(writer), tree_(tree), waits_(waits) {}

  // True for the operations that the kernel ends at once.
  static bool endsAtOnce(const Task& task);
  // Behind the entry of a call: until it has ended, or is asleep and so has marked the word.
  void settle(Task& task);
  // With the syscallEnter frame of a call that waits for a lock.
  void recordMark(const Task& task);

 private:
  FrameWriter& writer_;
  TaskTree& tree_;
  Waits& waits_;
};

}  // namespace rr
