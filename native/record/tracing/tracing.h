// A task as the tracee of another task of the recording: the recorder is the only tracer that the kernel knows, and
// plays the kernel to the program's own (docs/ptrace.md).
#pragma once

#include <signal.h>
#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <deque>
#include <optional>

#include "tracee/breakpoint.h"

namespace rr {

struct Tracing {
  static constexpr int kEventStop = 128;  // PTRACE_EVENT_STOP (linux/ptrace.h)
  // How its tracer has resumed it.
  // `skipCalls`, `stepSkipping`: PTRACE_SYSEMU and PTRACE_SYSEMU_SINGLESTEP.
  enum class Resume { run, untilCall, oneStep, skipCalls, stepSkipping };
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
  // Its result is a code for a restart that no interrupted call has left: settled when it goes on.
  bool codeSet = false;
  bool pastEntry = false;             // it stands at the entry stop of a call that was answered: orig_rax must stay -1
  pid_t made = 0;                     // by the call that made the last task
  std::optional<siginfo_t> injected;  // by its tracer, for when it goes on
  int groupStop = 0;                  // the signal by which job control has stopped its group; 0: none
  bool skipsCall = false;             // it stands at the entry of a call that is not to be made
  // DR0 to DR7 as they were set by a tracer, which may be gone. The task has them in other places (breakpoint.h).
  uint64_t debugRegisters[8] = {};

  bool traced() const { return tracer != 0; }
  // A PTRACE_INTERRUPT is to stop it yet.
  static bool isInterrupt(const Stop& stop) { return stop.code >> 8 == kEventStop; }
  bool steps() const { return resume == Resume::oneStep || resume == Resume::stepSkipping; }
  bool stopsAtCalls() const {
    return resume == Resume::untilCall || resume == Resume::skipCalls || resume == Resume::stepSkipping;
  }
  bool watches() const { return (debugRegisters[7] & kTracerEnabled) != 0; }
};

}  // namespace rr
