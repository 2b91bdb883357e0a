// Where in mid-code a task can be stopped so that replay finds the place (docs/execution-points.md).
#pragma once

#include <sys/user.h>

#include "record/filters/foreign-filters.h"
#include "record/options.h"
#include "record/runtime/runtime.h"
#include "record/stops/edge.h"
#include "record/stops/steps.h"
#include "record/tree/waits.h"

namespace rr {

// Tracer thread only.
class LegalSites {
 public:
  LegalSites(const RecorderOptions& options, TaskTree& tree, Waits& waits, Steps& steps, Edge& edge,
             const Runtime& runtime, const ForeignFilters& filters)
      : options_(options),
        tree_(tree),
        waits_(waits),
        steps_(steps),
        edge_(edge),
        runtime_(runtime),
        filters_(filters) {}

  // Moves the task to an instruction where replay can stop it. False when it came to an event on its way, whose status
  // is pending.
  bool goToLegalSite(Task& task, user_regs_struct& registers);

 private:
  void goToOwnEvent(Task& task);

  const RecorderOptions& options_;
  TaskTree& tree_;
  Waits& waits_;
  Steps& steps_;
  Edge& edge_;
  const Runtime& runtime_;
  const ForeignFilters& filters_;
};

}  // namespace rr
