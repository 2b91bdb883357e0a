// Signals that are sent to the recorder: they are for the program.
#pragma once

#include <signal.h>

#include <cstdint>
#include <map>
#include <optional>

#include "record/options.h"
#include "record/tracer-thread.h"
#include "record/tree/outer-signals.h"
#include "record/tree/task-tree.h"

namespace rr {

class ForwardedSignals {
 public:
  ForwardedSignals(const RecorderOptions& options, const TaskTree& tree, TracerThread& tracer)
      : options_(options), tree_(tree), tracer_(tracer) {}

  // From now on they are kept for the program. On the tracer's thread, as all else.
  void install() { outer_.install(BreakTimer::signal()); }
  // Sends on to the first process what was sent to us, unless its sender gave it to both (kill of a process group).
  // `now`: nanoseconds of CLOCK_MONOTONIC, as all times here.
  void forward(uint64_t now);
  // A signal has come to the first process: remembers who sent it, and lets one that we sent on name its sender.
  void noteSender(siginfo_t& info);
  // When a signal came that is to end the program; 0: none has.
  uint64_t endAskedAt() const { return endAskedAt_; }

 private:
  // By signal: who sent it to the first process, when, and for whom we sent it on.
  struct Sending {
    pid_t sender = 0;
    uint64_t time = 0;
    std::optional<OuterSignals::Received> forwarded;
  };

  const RecorderOptions& options_;
  const TaskTree& tree_;
  TracerThread& tracer_;
  OuterSignals outer_;
  std::map<int, Sending> sendings_;
  uint64_t endAskedAt_ = 0;
};

}  // namespace rr
