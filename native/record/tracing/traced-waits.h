// wait4 and waitid of tasks that trace others: the kernel knows nothing of the stops of their tracees.
//
// A stop that is there is told at once. While there is none the task waits in the kernel, from where a stop calls it
// by PTRACE_INTERRUPT: in its own call where that waits for something, or in pause() where a tracee that is not its
// child would make the kernel say ECHILD. Its own children are then asked for at each wake-up.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <optional>

#include "record/events/frame-writer.h"
#include "record/tracing/tracer-stops.h"
#include "record/tree/task-tree.h"

namespace rr {

// What a wait comes to at its entry.
struct WaitEntry {
  enum class Kind {
    asAlways,  // nothing that the kernel would not know
    answered,  // with `result`; what it writes is written and recorded
    paused,    // it may block in pause(), which is what the kernel is to make
    gone,      // the task is
  };
  Kind kind = Kind::asAlways;
  int64_t result = 0;
};

// Tracer thread only.
class TracedWaits {
 public:
  TracedWaits(TaskTree& tree, FrameWriter& writer, TracerStops& stops) : tree_(tree), writer_(writer), stops_(stops) {}

  WaitEntry enterWait(Task& task);
  // At its end, before what it wrote is recorded.
  void exitWait(Task& task, user_regs_struct& registers);
  // Of a task that is about to leave the kernel. There a call is restarted only where something is to be looked at:
  // what called the task out of pause() is forgotten with the first call that is made for it, and an ECHILD was not
  // called.
  void haveRestarted(Task& task);

 private:
  struct WaitWanted {
    bool any = true;  // false: nothing that the recorder would know
    pid_t tid = 0;    // 0: any
    pid_t group = 0;  // process group; 0: any
    int options = 0;
  };
  WaitWanted wantedBy(const Task& task) const;
  bool matches(const WaitWanted& wanted, pid_t tid, pid_t group) const;
  bool waitsFor(const Task& task, const WaitWanted& wanted, const Task& tracee) const;
  std::optional<int64_t> askKernel(Task& task, bool hasTracee);
  std::optional<int64_t> tellStop(Task& task, const WaitWanted& wanted);
  int64_t tellStatus(Task& task, pid_t tid, int status);

  TaskTree& tree_;
  FrameWriter& writer_;
  TracerStops& stops_;
};

}  // namespace rr
