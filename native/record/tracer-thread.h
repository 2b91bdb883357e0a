// The thread that traces, and the timer that breaks its waits.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>

#include "tracee/break-timer.h"

namespace rr {

// Periods of the timer, nanoseconds: for housekeeping alone, while several tasks share the processor, and while a
// signal waits for a task that computes.
inline constexpr uint64_t kIdleTick = 200'000'000;
inline constexpr uint64_t kSharedTick = 5'000'000;
inline constexpr uint64_t kSignalTick = 1'500'000;
// No period is shorter than this: else the tracer has time for nothing but its ticks.
inline constexpr uint64_t kShortestTick = 50'000;

class TracerThread {
 public:
  TracerThread() = default;
  TracerThread(const TracerThread&) = delete;
  TracerThread& operator=(const TracerThread&) = delete;

  // Asks for the end of the recording, and breaks the thread's wait. Any thread; all else is for the thread itself.
  void terminate();
  bool isTerminating() const { return terminating_; }

  // The calling thread is the one: it is bound to processor `cpu` alone, and the other threads of the process to the
  // rest; -1: none is bound. From now on ticks come.
  void begin(int cpu);
  void end();
  // As the kernel knows it.
  pid_t tid() const { return tid_; }
  // Why it could not be bound; 0 when it was, or was not to be.
  int bindError() const { return bindError_; }
  // The error for which there are no ticks at all; 0 when there are.
  int timerError() const { return timerError_; }
  // Why the kernel gave no timer, so that a thread keeps the time; 0 when it did.
  int timerRefusal() const { return timer_.refusal(); }

  // Ticks come so far apart, in nanoseconds, from now on; but not closer than kShortestTick.
  void setTick(uint64_t wanted);
  // A tick has come that has not been taken. It also comes where no wait is there to break.
  bool ticked() const { return ticked_; }
  void takeTick() { ticked_ = false; }

 private:
  static void noteTick(int);

  BreakTimer timer_;
  std::atomic<bool> terminating_ = false;
  std::atomic<pid_t> tid_ = 0;
  std::atomic<bool> ticked_ = false;
  uint64_t period_ = 0;
  int bindError_ = 0;
  int timerError_ = 0;
};

}  // namespace rr
