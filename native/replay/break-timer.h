// Breaks the thread that made it out of a blocking wait, so that somebody can ask whether the wait makes sense.
#pragma once

#include <time.h>

#include <chrono>

namespace rr {

// While it lives, a signal without effect reaches the thread that constructed it once per interval: waitpid there ends
// with EINTR. The signal may come at any time; what libuv calls is repeated by libuv.
class BreakTimer {
 public:
  BreakTimer() = default;
  ~BreakTimer();
  BreakTimer(const BreakTimer&) = delete;
  BreakTimer& operator=(const BreakTimer&) = delete;

  // False with errno set (EAGAIN: no timer to be had; sigaction(2), timer_create(2)).
  bool start(std::chrono::milliseconds interval);

 private:
  timer_t timer_{};
  bool running_ = false;
};

}  // namespace rr
