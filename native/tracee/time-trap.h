// Has rdtsc trap in a thread that traces tasks whose rdtsc traps.
//
// PR_SET_TSC in the tracees alone makes the kernel write CR4 at each switch between them and the tracer, which many
// hypervisors trap: a stop costs 25 microseconds instead of 10. With both alike nothing is written. What the thread
// reads of the clock must then do without rdtsc: the C library's clock_gettime makes a system call instead of asking
// the vdso, in the whole process, from the first use on. Any other rdtsc is carried out by a handler of SIGSEGV, which
// hands all other faults on.
#pragma once

#include <cstdint>

namespace rr {

class TimeTrap {
 public:
  TimeTrap() = default;
  ~TimeTrap() { end(); }
  TimeTrap(const TimeTrap&) = delete;
  TimeTrap& operator=(const TimeTrap&) = delete;

  // For the calling thread, until the end() that it calls. Does nothing where rdtsc does not trap, where the switch
  // costs nothing, and where the clock cannot be read without rdtsc.
  void begin();
  void end();
  bool isActive() const { return isActive_; }

  // While one of these lives rdtsc does not trap in the calling thread.
  class Pause {
   public:
    Pause();
    ~Pause();
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    bool trapped_;
  };

  // How often the handler has carried one out.
  static uint64_t handled();

 private:
  bool isActive_ = false;
};

}  // namespace rr
