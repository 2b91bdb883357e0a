// What is known of the seccomp filters, beside ours, that have a say in a task's calls.
#pragma once

#include <cstdint>

namespace rr {

struct TaskFilters {
  bool own = false;       // one of the program's is in force
  bool notifies = false;  // one that hands calls to a supervisor
  bool strict = false;    // seccomp(2) in strict mode, kept by the recorder
  // Of the call that it is in.
  bool asked = false;     // they have been asked about it,
  bool passed = false;    // and have let it pass
  bool skipped = false;   // the program's filter wants a tracer for it: the kernel skips it
  bool installs = false;  // it installs one, unless it fails
  // Under a filter from outside (calls/dispatch.h).
  bool dispatched = false;       // its calls come as signals
  bool atDispatch = false;       // the call that it has entered did: the kernel has not begun it
  bool callByOurs = false;       // the call it is in is made by our instruction
  uint64_t dispatchAddress = 0;  // of the instruction that was dispatched
};

}  // namespace rr
