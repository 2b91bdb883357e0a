// A timer that breaks a wait: at each tick waitpid(2) of the thread that started it fails with EINTR.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <thread>

namespace rr {

// Each thread may have one. A timer of the kernel's (timer_create(2)); where there is none to be had
// (RLIMIT_SIGPENDING, a profile that refuses it) a thread of ours that sleeps between the ticks.
class BreakTimer {
 public:
  using Handler = void (*)(int);

  BreakTimer() = default;
  ~BreakTimer() { stop(); }
  BreakTimer(const BreakTimer&) = delete;
  BreakTimer& operator=(const BreakTimer&) = delete;

  // The signal of the ticks. Not a real-time signal: tgkill(2) of those needs a place in the user's queue. The
  // processor exception that this one stands for does not exist on x86; neither Node nor V8 uses it.
  static int signal();

  // For the calling thread; `handler` runs there, as a signal handler. False with errno set by sigaction(2), or by the
  // making of a thread.
  bool start(std::chrono::nanoseconds period, Handler handler);
  void setPeriod(std::chrono::nanoseconds period);
  void stop();
  // Why the kernel gave no timer; 0 when it did.
  int refusal() const { return refusal_; }

 private:
  void tick(pid_t tid);

  bool running_ = false;
  int refusal_ = 0;
  timer_t timer_ = {};
  std::thread thread_;
  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::chrono::nanoseconds period_{};
  bool stopping_ = false;
};

}  // namespace rr
