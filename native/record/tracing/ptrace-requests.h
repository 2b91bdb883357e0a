// ptrace(2) of a recorded program: every request is answered by the recorder, which asks the kernel where that knows
// more. docs/ptrace.md has the whole of it.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>

#include "record/events/frame-writer.h"
#include "record/recording-log.h"
#include "record/tracing/tracer-stops.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class PtraceRequests {
 public:
  PtraceRequests(TaskTree& tree, FrameWriter& writer, TracerStops& stops, RecordingLog& log)
      : tree_(tree), writer_(writer), stops_(stops), log_(log) {}

  // What the call that the task has entered asks for is done. Its result, a negative errno on failure; the task may be
  // gone.
  int64_t emulatePtrace(Task& task);

 private:
  int64_t answerMemory(Task& task, uint64_t address, const void* bytes, size_t length);
  int64_t refuseTracing(const char* what, int error);
  int64_t traceMe(Task& task);
  int64_t attach(Task& task, pid_t pid, bool seize);
  int64_t resumeTracee(Task& task, Task& tracee);
  int64_t accessWord(Task& task, Task& tracee);
  int64_t setTraceeRegisters(Task& tracee, const user_regs_struct& wanted);
  int64_t recordTraceeState(const Task& tracee);
  int64_t accessUser(Task& task, Task& tracee);
  int64_t setTraceeDebugRegister(Task& tracee, size_t index, uint64_t value);
  int64_t peekSignals(Task& task, const Task& tracee);
  int64_t accessThreadBase(Task& task, Task& tracee);
  int64_t accessRegisterSet(Task& task, Task& tracee);
  int64_t tellCall(Task& task, const Task& tracee);
  int64_t accessState(Task& task, Task& tracee);

  TaskTree& tree_;
  FrameWriter& writer_;
  TracerStops& stops_;
  RecordingLog& log_;
};

}  // namespace rr
