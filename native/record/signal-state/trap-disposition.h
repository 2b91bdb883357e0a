// What the kernel does to a program that ignores SIGTRAP when a breakpoint or a step of ours traps: it resets the
// disposition to the default (force_sig_info_to_task in kernel/signal.c). This puts it back.
#pragma once

#include <sys/types.h>

#include "record/task.h"

namespace rr {

// Gives a signal the handler that the kernel has reset, in a stopped task; at a signal stop, that signal is dropped.
// The rest of the action is as it was. False with errno set.
bool restoreHandler(const Task& task, int signal, uint64_t handler);

class TrapDisposition {
 public:
  // Of a stopped task.
  explicit TrapDisposition(const Task& task);
  // At a SIGTRAP stop that a breakpoint or a step has caused. False with errno set when it cannot be put back.
  bool restore() const;

 private:
  const Task& task_;
  bool ignored_ = false;
};

}  // namespace rr
