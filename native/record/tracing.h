// A task as the tracee of another task of the recording: the recorder is the only tracer that the kernel knows, and
// plays the kernel to the program's own (docs/ptrace.md).
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <deque>
#include <optional>

namespace rr {

struct Tracing {
  // How its tracer has resumed it.
  enum class Resume { run, untilCall, oneStep };
  // Where it goes on from a stop.
  enum class Place {
    user,       // at one of its events, on its way back to user code
    callEntry,  // at the entry of a call that has not begun
    making,     // in a call that has made a task
    exiting,
  };
  struct Stop {
    enum class Kind { signal, event, group, callEntry, callExit };
    Kind kind;
    int code;              // bits 8 and up of the wait status: the signal, with 0x80 or an event << 8
    siginfo_t info = {};   // PTRACE_GETSIGINFO; none for the group stop of a task that was not seized
    uint64_t message = 0;  // PTRACE_GETEVENTMSG
  };

  pid_t tracer = 0;      // the thread; 0: none
  bool touched = false;  // it has or had one
  bool seized = false;
  uint32_t options = 0;
  Resume resume = Resume::run;
  bool stopped = false;   // for its tracer
  bool reported = false;  // wait has told of the stop
  Stop stop = {};
  Place place = Place::user;
  std::deque<Stop> due;  // stops that it makes before it runs user code
  // As its tracer sees and sets them, while it is stopped.
  user_regs_struct registers = {};
  bool registersChanged = false;
  bool pastEntry = false;             // it stands at the entry stop of a call that was answered: orig_rax must stay -1
  pid_t made = 0;                     // by the call that made the last task
  std::optional<siginfo_t> injected;  // by its tracer, for when it goes on

  bool traced() const { return tracer != 0; }
};

}  // namespace rr
