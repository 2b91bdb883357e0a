// Ticks, where a counter is in use: each task has one, whose count is part of its frames and may end its slices.
#pragma once

#include <signal.h>

#include <cstdint>

#include "record/options.h"
#include "record/recording-log.h"
#include "record/tracer-thread.h"

namespace rr {

// The ticks of a frame whose task's counter has failed.
inline constexpr uint64_t kNoTicks = ~0ULL;

class Ticks {
 public:
  Ticks(const RecorderOptions& options, const TracerThread& tracer, RecordingLog& log)
      : options_(options), tracer_(tracer), log_(log) {}

  // Counts from now on; the task must not have run user code yet that replay runs.
  void openCounter(Task& task);
  // 0 without a counter, kNoTicks when the task's has failed.
  uint64_t of(const Task& task) const;
  // A slice of the task begins: its end breaks the tracer's wait.
  void beginSlice(Task& task);
  bool sliceOver(const Task& task) const;
  // Whether a signal at `rip` is the exception of a breakpoint event that stands in for a counter: some virtual
  // machines hand it on to the program now and then.
  bool isStray(const siginfo_t& info, uint64_t rip) const;

 private:
  const RecorderOptions& options_;
  const TracerThread& tracer_;
  RecordingLog& log_;
};

}  // namespace rr
