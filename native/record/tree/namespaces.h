// Whether the recording may have pid namespaces of its own.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "record/task.h"

namespace rr {

// Tracer thread only.
class PidNamespaces {
 public:
  // At the entry of a call: whether tasks may be in another pid namespace than ours from now on.
  void note(const Task& task);
  // Whether a task belongs to the first process of a pid namespace that is not our own: when that process ends, the
  // kernel kills all others of the namespace, and its last thread waits for them (zap_pid_ns_processes in
  // kernel/pid_namespace.c).
  bool isLedBy(pid_t tid) const;

 private:
  bool others_ = false;
};

}  // namespace rr
