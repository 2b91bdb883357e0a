// Signals that are sent to `rr record` itself. Whoever sends one means the program: alone, that would have got it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace rr {

// From install() on, the signals that people and supervisors send (SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2)
// no longer end this process: they are kept here. Those of the terminal's keys are dropped, for the kernel sends them
// to the program too. All functions are for the thread that called install().
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
