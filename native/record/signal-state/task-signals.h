// What is known of a task's signals.
#pragma once

#include <signal.h>

#include <cstdint>
#include <deque>
#include <memory>

#include "tracee/abi.h"

namespace rr {

// The program's action for SIGSYS, as rt_sigaction(2) tells it, and what is known of others. Shared by the tasks that
// share actions (CLONE_SIGHAND).
struct SysAction {
  bool known = false;
  KernelSignalAction value = {};
  bool childStopsUntold = false;            // SA_NOCLDSTOP of SIGCHLD
  uint64_t faultHandler = kDefaultHandler;  // of SIGSEGV

  // What is left of them after an exec.
  std::shared_ptr<SysAction> withoutHandlers() const {
    auto left = std::make_shared<SysAction>();
    if (faultHandler == kIgnoreHandler) left->faultHandler = kIgnoreHandler;
    return left;
  }
};

struct TaskSignals {
  // Taken from the kernel in mid-computation, to be delivered at the next event.
  std::deque<siginfo_t> stashed;
  uint64_t stashedAt = 0;     // when the first of them came; nanoseconds of CLOCK_MONOTONIC
  bool stashBlocked = false;  // all of them are blocked, until the task makes a call that may change that
  uint64_t own = 0;           // a bit for each that was sent by us for a stop, and has not come yet
  bool hadNoRoom = false;     // for a signal's frame: the SIGSEGV that comes is the kernel's own
  int resumeSignal = 0;       // to hand over when it is resumed next
  bool faultBlocked = false;  // the program blocks SIGSEGV,
  bool sysBlocked = false;    // and SIGSYS
  std::shared_ptr<SysAction> sysAction = std::make_shared<SysAction>();
};

}  // namespace rr
