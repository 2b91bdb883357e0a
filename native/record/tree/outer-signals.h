// Signals that are sent to `rr record` itself. Whoever sends one means the program: alone, that would have got it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace rr {

// From install() on, no signal that somebody sends ends this process, but SIGKILL: those that would are kept here. What
// the kernel sends to the program too, as the terminal's keys, is dropped. What this process raises itself, by a fault
// or abort(3), acts as before. All functions are for the thread that called install().
class OuterSignals {
 public:
  struct Received {
    int number;
    pid_t sender;
    uid_t user;
    uint64_t time;  // nanoseconds of CLOCK_MONOTONIC
  };

  // Takes the signals over for the rest of this process's life. Each sends `wake` to the calling thread.
  void install(int wake);
  // The next one that came at least `age` nanoseconds before `now`; each is given out once.
  std::optional<Received> take(uint64_t now, uint64_t age);
};

}  // namespace rr
