// The calls that the in-tracee runtime has recorded (docs/syscall-buffer.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "record/events/frame-writer.h"
#include "record/runtime/locals.h"
#include "record/runtime/runtime.h"
#include "record/runtime/sites.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class CallBuffer {
 public:
  CallBuffer(FrameWriter& writer, const RuntimeLocals& locals, Sites& sites)
      : writer_(writer), locals_(locals), sites_(sites) {}

  // The runtime has recorded nothing since the task's last event.
  static bool isEmpty(const Task& task);
  // Writes what the runtime has recorded since the task's last event to the trace. The next frame must be the task's,
  // and it must not run before.
  void take(Task& task);
  // The same where the head of the locals page has been read. That a call has been made is taken from there, too.
  void take(Task& task, const LocalsHead& head);

 private:
  static void clear(const TraceeMemory& memory, rr_locals locals);
  void noteBufferedStart(Task& task, std::span<const uint8_t> entries);

  FrameWriter& writer_;
  const RuntimeLocals& locals_;
  Sites& sites_;
  std::vector<uint8_t> bytes_;
};

}  // namespace rr
