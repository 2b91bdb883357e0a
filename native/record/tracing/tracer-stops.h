// Stops of a task whose tracer is in the recording: when they come, how the tracer is told, and how the task goes on.
// docs/ptrace.md has the whole of it.
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <vector>

#include "record/events/event-writer.h"
#include "record/recording-log.h"
#include "record/runtime/call-buffer.h"
#include "record/runtime/locals.h"
#include "record/runtime/sites.h"
#include "record/tracing/tracing.h"
#include "record/tree/waits.h"

namespace rr {

// Tracees that are gone, and were no children of their tracers, which have not been told yet.
struct EndedTracee {
  pid_t tracer, tid, group;
  int status;
};

// Tracer thread only. The tracer, here, is a task of the recording.
class TracerStops {
 public:
  TracerStops(TaskTree& tree, Waits& waits, FrameWriter& writer, EventWriter& events, CallBuffer& callBuffer,
              Sites& sites, const RuntimeLocals& locals, const RecordingLog& log)
      : tree_(tree),
        waits_(waits),
        writer_(writer),
        events_(events),
        callBuffer_(callBuffer),
        sites_(sites),
        locals_(locals),
        log_(log) {}

  Tracing::Stop eventStop(const Task& task, int event, uint64_t message, int signal = SIGTRAP) const;
  Tracing::Stop callStop(const Task& task, bool entry) const;
  Tracing::Stop stepStop(const Task& task, int code) const;
  Tracing::Stop groupStopFor(const Task& tracee, int signal) const;
  bool tracerWants(const Task& task, uint32_t option) const;
  // The task stops here and waits for its tracer.
  void stopForTracer(Task& task, const Tracing::Stop& stop, Tracing::Place place);
  // A stop that is asked for: at once where the task stands at an event, else when the call that it is in has ended.
  void requestStop(Task& tracee, const Tracing::Stop& stop);
  // PTRACE_INTERRUPT. One that listens stops anew, by the signal that has stopped its group; so does one that its
  // tracer has let run on in a group that is stopped (do_jobctl_trap in the kernel). Several before the task stops are
  // one.
  void interruptTracee(Task& tracee);
  // Breaks off the call that the task is blocked in.
  void interruptCall(Task& task);
  // A task that job control has stopped leaves PTRACE_LISTEN, where nothing can be read of it. The signal by which it
  // was stopped; 0 when it is gone.
  int endListening(Task& task);
  // At the end of a call, or of one that was answered: stops that come there.
  void stopAfterCall(Task& task);
  // A new program has begun. `former`: the id of the thread that made the call.
  void stopAfterExec(Task& task, pid_t former);
  // A signal has come to a traced task, at its delivery stop: true when its tracer is told. In mid-code it waits, as
  // for a handler.
  bool signalForTracer(Task& task, const siginfo_t& info, user_regs_struct& registers, bool deterministic);

  // From now on the task has a tracer that may see and change all of its memory: it is as the program made it.
  void beginTracing(Task& tracee, Task& tracer, bool seized, uint32_t options);
  // The tracer is gone, or has let go of the task.
  void releaseTracee(Task& task);
  // A task is gone: what it traced goes on by itself, and who traced it is told what the kernel does not tell.
  void endTracing(Task& task, int status);
  bool tracesOthers(const Task& task) const;
  // What the tracer has set at the stop becomes the task's: an event of its own where nothing else tells.
  bool recordTracerRegisters(Task& task);
  // A result that is a code for a restart, and was not left by an interrupted call (codeSet): the task, about to go on,
  // makes the call again where it comes from a signal, and keeps the code where it comes from a call.
  bool settleCode(Task& task);
  void recordDebugRegisters(const Task& task);
  // One instruction, by the tracer's order. A system call is made as always, and stops at its end.
  bool stepForTracer(Task& task, int signal);
  bool isRealChild(const Task& child, const Task& parent) const;
  // A child of the process has changed, which those in pause() do not hear of.
  void wakePaused(pid_t threadGroup);
  std::vector<EndedTracee>& ended() { return ended_; }

 private:
  // What the kernel makes up for a stop that no signal caused (ptrace_notify and ptrace_do_notify in the kernel).
  siginfo_t stopInfo(const Task& task, int code) const;
  void showAsWritten(Task& tracee);
  // Calls the tasks of a process that wait: something has come for one of them.
  void wakeWaiters(pid_t threadGroup);

  TaskTree& tree_;
  Waits& waits_;
  FrameWriter& writer_;
  EventWriter& events_;
  CallBuffer& callBuffer_;
  Sites& sites_;
  const RuntimeLocals& locals_;
  const RecordingLog& log_;
  std::vector<EndedTracee> ended_;
};

}  // namespace rr
