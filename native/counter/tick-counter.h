// Counts what one task does in user mode, by a perf event (perf_event_open(2)), and interrupts after so many ticks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace rr {

// What is counted.
struct CounterSpec {
  uint32_t type = 0;     // of a perf event: PERF_TYPE_RAW, a PMU's own number, PERF_TYPE_BREAKPOINT
  uint64_t config = 0;   // the raw event
  uint64_t address = 0;  // PERF_TYPE_BREAKPOINT: of the instruction whose executions are counted
  uint32_t skid = 0;     // ticks that may pass between an overflow and the stop

  bool isBreakpoint() const;
  // Passes of a breakpoint are those of the program. A processor's counter counts our code in the tracee as well: the
  // in-tracee runtime, which differs between recording and replay, and the search's stubs.
  bool countsOurCode() const { return !isBreakpoint(); }
  // A breakpoint counts before its instruction is executed, so that the count does not tell on which side of it a task
  // at that address stands: no forced stop may be there.
  bool isAmbiguousAt(uint64_t rip) const { return isBreakpoint() && rip == address; }
};

class TickCounter {
 public:
  TickCounter() = default;
  ~TickCounter();
  TickCounter(TickCounter&& other) noexcept;
  TickCounter& operator=(TickCounter&& other) noexcept;
  TickCounter(const TickCounter&) = delete;
  TickCounter& operator=(const TickCounter&) = delete;

  // Counts from now on what task `tid` (0: the caller) does in user mode, and nothing that its children do. The counter
  // stays with the task over exec. False with `error`: what was tried, what the kernel said, what to do about it.
  bool open(pid_t tid, const CounterSpec& spec, std::string& error);
  void close();
  bool isOpen() const { return descriptor_ >= 0; }

  // Ticks since it was opened or reset. Nothing when the kernel could not keep the event on the processor's counters.
  // Exact while the task is stopped.
  std::optional<uint64_t> read() const;
  bool reset();
  bool disable();
  bool enable();

  // When `ticks` (at least 1) more have been counted, `signal` is sent to thread `receiver`; and again after as many.
  // The task must be stopped. False with errno set.
  bool interruptAfter(uint64_t ticks, pid_t receiver, int signal);
  // No interrupt any more; one that was sent already still arrives.
  bool stopInterrupts();

 private:
  bool setPeriod(uint64_t period);

  int descriptor_ = -1;
};

}  // namespace rr
