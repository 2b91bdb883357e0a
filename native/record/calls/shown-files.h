// What the program reads of its tasks and of the machine, where that would show the recorder.
//
// /proc/PID/status and stat of a task of the recording: its tracer is the one that the program gave it, or none, and
// what our stops make of its state is not told. /sys/devices/system/cpu/online, by which the C library counts
// processors: it names those that the program is told of.
#pragma once

#include <sys/user.h>

#include <cstdint>

#include "record/calls/personality.h"
#include "record/calls/scheduling-calls.h"
#include "record/events/frame-writer.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class ShownFiles {
 public:
  ShownFiles(FrameWriter& writer, TaskTree& tree, const SchedulingCalls& scheduling, const Personality& personality)
      : writer_(writer), tree_(tree), scheduling_(scheduling), personality_(personality) {}

  // At the end of a read or pread, before what it has read is recorded.
  void show(Task& task, user_regs_struct& registers);

 private:
  void showProgramState(const Task& task, int64_t result) const;
  void showToldProcessors(Task& task, user_regs_struct& registers);

  FrameWriter& writer_;
  TaskTree& tree_;
  const SchedulingCalls& scheduling_;
  const Personality& personality_;
};

}  // namespace rr
