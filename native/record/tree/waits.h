// Waits for tracees: none of them keeps events from the disk, a signal from the program, or the reason from the log.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <functional>

#include "record/events/event-writer.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/tracer-thread.h"
#include "record/tree/forwarded-signals.h"
#include "record/tree/task-tree.h"

namespace rr {

// What others do while the tracer waits.
struct WaitDuties {
  // The wait for a task that computes was broken: it may be interrupted.
  std::function<void(Task&)> whileComputing;
  // The wait for a task was broken: true when others are to run before it has a status.
  std::function<bool(Task&)> letsOthersRun;
  // At each tick while the recording ends: what is left may be the first processes of pid namespaces alone.
  std::function<void()> abandonNamespaces;
};

// Tracer thread only.
class Waits {
 public:
  Waits(const RecorderOptions& options, TaskTree& tree, TracerThread& tracer, EventWriter& events,
        const FrameWriter& writer, ForwardedSignals& forwarded, RecordingLog& log, WaitDuties duties);

  // Waits for the status of one task where nothing else may come in between. False when there is none to be had, with
  // errno set.
  bool awaitStatus(pid_t tid, int& status, const char* what);
  // Where a task stands that was to run with its signals blocked.
  enum class Masked {
    arrived,    // at the stop that was waited for, with its own mask again
    elsewhere,  // at another, which is filed with it
    lost,       // nothing more is known of it
  };
  // Sets the registers of a stopped task and lets it run by a ptrace request, every signal blocked, to a stop: the
  // signal, and above it the ptrace event, as in a status behind its lowest byte. Signals that come meanwhile wait, and
  // a SIGSTOP, which cannot be blocked, is sent again.
  Masked runMasked(Task& task, const user_regs_struct& registers, int request, int stop, const char* what);
  // Waits until the task has a status. For this task alone: a wait for any costs the kernel a look at each of them.
  // What has come from others is filed at each tick. `interruptAt`: processor time of the process at which the task is
  // interrupted, nanoseconds; 0: never.
  void waitFor(Task& task, uint64_t interruptAt = 0);
  // Waits for one status of any tracee and files it with its task. With `block` false only what is there already; false
  // when there was nothing.
  bool collect(bool block);
  void collectAll();

  // What is due at each tick, wherever the tracer waits: called each time a wait was broken. `tid`: the task that is
  // waited for, 0 for any.
  void keepUp(const char* what, pid_t tid);
  // The same where no wait was broken, and what is due in the main loop: nothing between two ticks.
  void housekeeping();

  // Whether the recording is being ended, and the task has not been stopped in mid-code since then.
  bool isLastStopDue(const Task& task) const;

  // Somebody has the turn, or an event.
  void noteTurn();
  // When that was; nanoseconds of CLOCK_MONOTONIC.
  uint64_t lastTurn() const { return lastTurn_; }

 private:
  bool awaitsLastStop(uint64_t now) const;
  void tellOfWait(const char* what, pid_t tid, uint64_t now);

  const RecorderOptions& options_;
  TaskTree& tree_;
  TracerThread& tracer_;
  EventWriter& events_;
  const FrameWriter& writer_;
  ForwardedSignals& forwarded_;
  RecordingLog& log_;
  WaitDuties duties_;
  // When the wait since the last turn is told of next, and how far apart; nanoseconds.
  uint64_t lastTurn_ = 0;
  uint64_t tellAgain_ = 0;
  uint64_t tellInterval_ = 0;
  uint64_t usedAtTick_ = 0;   // by the process that was waited for, of processor time
  uint64_t endingSince_ = 0;  // when the recording was begun to be ended; 0: it is not
};

}  // namespace rr
