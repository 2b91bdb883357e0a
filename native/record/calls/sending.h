// What leaves the program, and what it names: recorded so that replay can compare it (docs/events.md).
#pragma once

#include <cstdint>

#include "record/events/frame-writer.h"
#include "record/recording-log.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class Sending {
 public:
  Sending(FrameWriter& writer, const TaskTree& tree, RecordingLog& log) : writer_(writer), tree_(tree), log_(log) {}

  // At the entry of a call: the strings that the kernel is about to read. They come before all other data of the
  // event, whichever of the call's it is.
  void recordStrings(const Task& task);
  // With the next frame of the task: the hash of what its call sends.
  void record(Task& task, int64_t result);
  // The same at its entry, when others have their turn before it ends: what they change of it is seen.
  void recordAtEntry(Task& task);

 private:
  uint32_t hashOf(const Task& task, int64_t result) const;

  FrameWriter& writer_;
  const TaskTree& tree_;
  RecordingLog& log_;
};

}  // namespace rr
