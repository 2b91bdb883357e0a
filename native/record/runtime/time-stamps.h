// What rdtsc gives to a recorded program.
//
// The instruction traps in the program, and is carried out here, until some are worth a patch: those are done by the
// in-tracee runtime, which cannot execute it either, and reckons the counter from the kernel's raw monotonic clock
// (preload/time-stamps.c). From then on both go by that clock, so that what the program reads never goes back,
// whichever of its instructions reads it.
#pragma once

#include <cstdint>

#include "layout.h"

namespace rr {

class TimeStamps {
 public:
  // Measuring the counter's frequency begins.
  TimeStamps();

  // How long the measuring takes at least, in nanoseconds: a reading is off by some 20, so the frequency by one in
  // 100,000; and after how long it is nearly exact.
  static constexpr uint64_t kMeasured = 4'000'000;
  static constexpr uint64_t kMeasuredWell = 100'000'000;

  // Ends the measuring, and lays down how the counter is told from the clock. False when it has not lasted `least` yet,
  // or when this counter cannot be told so.
  bool settle(uint64_t least);
  bool settled() const { return scale_.multiplier != 0; }

  uint64_t now() const;
  // Of no multiplier until it is settled.
  const rr_time_scale& scale() const { return scale_; }
  double perNanosecond() const;

 private:
  // Both at one moment.
  struct Reading {
    uint64_t clock;  // nanoseconds
    uint64_t stamp;
  };
  static Reading read();

  Reading first_;
  rr_time_scale scale_ = {};
};

}  // namespace rr
