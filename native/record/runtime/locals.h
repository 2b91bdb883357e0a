// What the tracer tells the in-tracee runtime of an address space: its locals page (preload/layout.h).
#pragma once

#include "layout.h"
#include "record/files/private-files.h"
#include "record/files/shared-files.h"
#include "record/runtime/stdio-monitor.h"
#include "record/runtime/time-stamps.h"
#include "record/scheduler.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only. Nothing is done where the runtime is not installed.
class RuntimeLocals {
 public:
  RuntimeLocals(const TaskTree& tree, Scheduler& scheduler, const SharedFiles& sharedFiles,
                const PrivateFiles& privateFiles, const TimeStamps& timeStamps, const StdioMonitor& stdio)
      : tree_(tree),
        scheduler_(scheduler),
        sharedFiles_(sharedFiles),
        privateFiles_(privateFiles),
        timeStamps_(timeStamps),
        stdio_(stdio) {}

  // What the runtime of an address space is to know: what must go traced, and nothing of any descriptor. `locals`:
  // zeros.
  void fill(const AddressSpace& space, rr_locals& locals) const;
  // Tells the runtime so.
  void update(const AddressSpace& space) const;
  void updateAll() const;
  // While a signal waits for the task that runs, its next call must be an event: there it is delivered, and a change of
  // the blocked signals must not pass unseen. The same makes a task give way to others at a call, which costs less than
  // a forced stop. Only one task runs, so what holds for it holds for its address space.
  void traceNextCall(AddressSpace& space, bool traced) const;
  // A slice of a few events ends at a call that would be buffered, too.
  void limitBufferedCalls(const AddressSpace& space) const;
  // What of the slice limitBufferedCalls has left to the task, and it has used.
  void countBufferedCalls(const AddressSpace& space) const;

  // At the entry of a call: after some, what the clock says is no more what the counter must be, or rdtsc is to raise
  // the program's own signal. All of them trap from then on.
  void noteTimeTraced(const Task& task);
  // Every rdtsc must trap.
  bool isTimeTraced() const { return timeTraced_; }
  // Some task has asked for SIGCHLD without stops.
  void noteStopsUntold();

  // At the entry of a call that closes or replaces descriptors: what the hook knows of them holds no more.
  void forgetDescriptors(Task& task) const;
  // What the task did by buffered calls to its mask of blocked signals: `change` is what the locals page tells of it.
  static void noteBufferedMask(Task& task, uint64_t change);

 private:
  void traceTime();

  const TaskTree& tree_;
  Scheduler& scheduler_;
  const SharedFiles& sharedFiles_;
  const PrivateFiles& privateFiles_;
  const TimeStamps& timeStamps_;
  const StdioMonitor& stdio_;
  bool timeTraced_ = false;
  bool stopsUntold_ = false;
};

}  // namespace rr
