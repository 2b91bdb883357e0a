// Calls that the program does not get under a recording: what they do could not be replayed.
#pragma once

#include "record/calls/entry-answer.h"
#include "record/recording-log.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class RefusedCalls {
 public:
  explicit RefusedCalls(RecordingLog& log) : log_(log) {}

  // At the entry of a call.
  EntryAnswer enter(const Task& task);

 private:
  RecordingLog& log_;
};

}  // namespace rr
