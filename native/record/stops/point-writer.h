// Writes what replay finds a forced stop by: registers and memory (docs/execution-points.md).
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <span>
#include <vector>

#include "record/events/event-writer.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/runtime/call-buffer.h"
#include "record/stops/execution-point.h"
#include "record/ticks.h"

namespace rr {

// Tracer thread only.
class PointWriter {
 public:
  PointWriter(const RecorderOptions& options, FrameWriter& writer, EventWriter& events, CallBuffer& callBuffer,
              const Ticks& ticks, const RecordingLog& log)
      : options_(options), writer_(writer), events_(events), callBuffer_(callBuffer), ticks_(ticks), log_(log) {}

  // The event of a forced stop of a task that stands at `registers`, a legal site. `stoppedAt`: the process's own time
  // when the stop came, for the log. Nanoseconds.
  void recordPoint(Task& task, const user_regs_struct& registers, uint64_t stoppedAt = 0);

 private:
  void addChanges(Task& task, const std::vector<PageRun>& recent, std::vector<PointMemory>& pieces);
  void writePointMemory(Task& task, std::span<const PointMemory> pieces);
  bool writePointChecksums(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                           uint64_t limit, std::vector<PointMemory>& pieces);

  const RecorderOptions& options_;
  FrameWriter& writer_;
  EventWriter& events_;
  CallBuffer& callBuffer_;
  const Ticks& ticks_;
  const RecordingLog& log_;
};

}  // namespace rr
