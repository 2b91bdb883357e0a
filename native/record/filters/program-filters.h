// The program's own use of seccomp(2). Its filters are in force like ours; what ours would change about them is made up
// for here.
#pragma once

#include <sys/user.h>

#include "record/calls/dispatch.h"
#include "record/calls/entry-answer.h"
#include "record/filters/foreign-filters.h"
#include "record/recording-log.h"
#include "record/runtime/locals.h"
#include "record/task.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class ProgramFilters {
 public:
  ProgramFilters(TaskTree& tree, const ForeignFilters& foreign, RuntimeLocals& locals, Dispatch& dispatch,
                 const RecordingLog& log)
      : tree_(tree), foreign_(foreign), locals_(locals), dispatch_(dispatch), log_(log) {}

  // At the entry of prctl or seccomp.
  EntryAnswer enter(Task& task);
  // At their end: a filter holds for the task, or with SECCOMP_FILTER_FLAG_TSYNC for all threads of its group.
  void noteInstalled(Task& task, bool failed);
  // At the end of a call: whether a filter has trapped it, or ends the task for it. The kernel then skips the call, and
  // leaves its number as the result (syscall_rollback()); a SIGSYS waits.
  bool haveTakenBack(const Task& task, const user_regs_struct& registers) const;
  // At the exit stop of a call: whether the kernel has not made it, since a filter has answered it. Of a supervisor it
  // is not known: it may let a call go on (SECCOMP_USER_NOTIF_FLAG_CONTINUE), past our filter's stop as well.
  static bool haveAnswered(const Task& task) { return task.filters.asked && !task.filters.passed; }
  // At the exit stop of a call: whether a filter or its supervisor has answered it with one of the kernel's codes for a
  // restart, and the program gets to see that.
  bool haveAnsweredForGood(const Task& task, const user_regs_struct& registers) const;

 private:
  // With our filter in force the kernel refuses the strict mode, which the recorder then keeps itself, and tells of a
  // filter where the program has none.
  EntryAnswer enterMode(Task& task);

  TaskTree& tree_;
  const ForeignFilters& foreign_;
  RuntimeLocals& locals_;
  Dispatch& dispatch_;
  const RecordingLog& log_;
};

}  // namespace rr
