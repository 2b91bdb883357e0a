// A tracee's memory as a file, /proc/PID/mem, written by system calls.
#pragma once

#include <cstdint>

#include "record/calls/entry-answer.h"
#include "record/events/frame-writer.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class MemoryFiles {
 public:
  MemoryFiles(FrameWriter& writer, const TaskTree& tree) : writer_(writer), tree_(tree) {}

  // At the entry of a write: memory of ours is as if it were not there, so the call ends before it.
  EntryAnswer enterWrite(Task& task) const;
  // At the entry of process_vm_writev: the same, by whole buffers.
  EntryAnswer enterRemoteWrite(Task& task) const;
  // At the end of a write.
  void recordWrites(const Task& task, int64_t result);

 private:
  // The task whose memory the call writes to by a file; nullptr for any other file.
  const Task* target(const Task& task) const;

  FrameWriter& writer_;
  const TaskTree& tree_;
};

}  // namespace rr
