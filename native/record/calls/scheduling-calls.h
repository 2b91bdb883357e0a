// Calls about scheduling: what the program sets decides who runs (scheduler.h), and what it asks is answered as on a
// machine with as many processors as it is told of.
//
// Real-time policies are kept by the recorder: a task that had one for the kernel would keep the tracer, which shares
// its processor, from running. The kernel judges whether the program may set one, and is then set back.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <vector>

#include "record/calls/entry-answer.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/scheduler.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class SchedulingCalls {
 public:
  SchedulingCalls(const RecorderOptions& options, Scheduler& scheduler, TaskTree& tree, RecordingLog& log)
      : options_(options), scheduler_(scheduler), tree_(tree), log_(log) {}

  // A new task; `maker` is nullptr for the first one.
  void add(Task& task, const Task* maker);
  // The first part of a call about scheduling.
  EntryAnswer enter(Task& task);
  // The last part, before what the kernel wrote is recorded.
  void exit(Task& task, user_regs_struct& registers);
  // The processors that the program is told of: the one that it runs on, then the others from 0 on.
  std::vector<int> toldProcessors() const;

 private:
  void refreshLevel(Task& task);
  // The task that a call names by its first argument; nullptr when it is none of the recording's.
  Task* namedTask(Task& caller, uint64_t argument);
  // Where the task is told to run: on the recording's own processor, if its affinity has that.
  int ownProcessor(const Task& task) const;
  // sched_setaffinity: the recording's own binding stays; the program is told what it has set.
  long setAffinity(Task& task);
  // The program has set a policy of this task's, and the kernel has allowed it.
  void policySet(Task& task);

  const RecorderOptions& options_;
  Scheduler& scheduler_;
  TaskTree& tree_;
  RecordingLog& log_;
};

}  // namespace rr
