// The writer of events: what of them is the same for all kinds.
#pragma once

#include <sys/user.h>

#include <cstdint>

#include "record/events/frame-writer.h"
#include "record/files/private-files.h"
#include "record/options.h"
#include "record/task.h"
#include "record/ticks.h"
#include "ring/ring.h"
#include "tracee/clock.h"

namespace rr {

// A part-filled slot is handed over when it is this old. With the tick and the encoder's own interval (pipeline.ts) no
// more than a second is lost to a kill -9. Nanoseconds.
inline constexpr uint64_t kSealAfter = 300'000'000;

// The records of an event are written before it, by the FrameWriter itself. Tracer thread only.
class EventWriter {
 public:
  EventWriter(RingWriter& ring, FrameWriter& writer, const RecorderOptions& options, const Ticks& ticks,
              const PrivateFiles& privateFiles)
      : ring_(ring), writer_(writer), options_(options), ticks_(ticks), privateFiles_(privateFiles) {}

  // Closes an event of the task, which stands at it from now on; with checksums of its memory, where they are due.
  void frame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers, uint8_t flags = 0,
             uint8_t stdio = 0);
  // The same without checksums.
  void writeFrame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers, uint8_t flags,
                  uint8_t stdio = 0);
  // Of all that is the program's alone.
  void writeMemoryChecksums(const Task& task, const user_regs_struct& registers);
  // Hands over what has waited for kSealAfter. `now`: nanoseconds of CLOCK_MONOTONIC.
  void sealWhenOld(uint64_t now);

 private:
  void writeChecksums(const Task& task, schema::EventKind kind, const user_regs_struct& registers);

  RingWriter& ring_;
  FrameWriter& writer_;
  const RecorderOptions& options_;
  const Ticks& ticks_;
  const PrivateFiles& privateFiles_;
  uint64_t lastSeal_ = monotonicNow();
};

}  // namespace rr
