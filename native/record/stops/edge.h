// A task that is stopped in the in-tracee runtime leaves it behind its last buffered call.
#pragma once

#include <sys/user.h>

#include "record/events/event-writer.h"
#include "record/filters/foreign-filters.h"
#include "record/recording-log.h"
#include "record/runtime/call-buffer.h"
#include "record/runtime/locals.h"
#include "record/runtime/runtime.h"
#include "record/stops/steps.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class Edge {
 public:
  Edge(TaskTree& tree, Waits& waits, Steps& steps, EventWriter& events, CallBuffer& callBuffer, const Runtime& runtime,
       const RuntimeLocals& locals, const ForeignFilters& filters, const RecordingLog& log)
      : tree_(tree),
        waits_(waits),
        steps_(steps),
        events_(events),
        callBuffer_(callBuffer),
        runtime_(runtime),
        locals_(locals),
        filters_(filters),
        log_(log) {}

  // Runs a task that is stopped in the hook out of it: `atEdge` is then set, and the task stands behind the system call
  // instruction as if it had made the call there. False when something else came first, whose status is pending: the
  // call went traced after all, or a signal.
  bool runToEdge(Task& task, user_regs_struct& registers);
  // A forced stop right behind a buffered call: the number of calls tells where it is.
  void recordEdge(Task& task, const user_regs_struct& registers);

 private:
  TaskTree& tree_;
  Waits& waits_;
  Steps& steps_;
  EventWriter& events_;
  CallBuffer& callBuffer_;
  const Runtime& runtime_;
  const RuntimeLocals& locals_;
  const ForeignFilters& filters_;
  const RecordingLog& log_;
};

}  // namespace rr
