// Scratch memory: where the kernel writes while a call blocks and other tasks of the same memory run. What it wrote
// appears in the program's memory at the call's end, which is an event; so replay sees it at the same point.
//
// Buffers behind structures (iovec, msghdr) are redirected in a copy of the structure, in scratch memory too. What the
// kernel keeps pages of (vmsplice) stays where it is.
#pragma once

#include <sys/user.h>

#include <vector>

#include "record/out-parameters.h"
#include "record/runtime/locals.h"
#include "record/tree/task-tree.h"

namespace rr {

// Tracer thread only.
class Scratch {
 public:
  Scratch(const TaskTree& tree, RuntimeLocals& locals) : tree_(tree), locals_(locals) {}

  // Called with a new thread that stands at its first instruction: maps scratch memory for it, and for its maker if
  // that has none yet (which is inside its clone and cannot make calls).
  void provide(Task& thread, Task& maker);
  // At the entry of a call that may block: points the kernel at scratch memory.
  void redirect(Task& task);
  // At its exit: the registers point where the program had them, and what the kernel wrote is copied there. `ranges`
  // are found in between, by the addresses that the program knows.
  void restore(Task& task, user_regs_struct& registers, std::vector<OutRange>& ranges);

 private:
  const TaskTree& tree_;
  RuntimeLocals& locals_;
};

}  // namespace rr
