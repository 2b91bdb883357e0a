// The clock by which all times of ours go.
#pragma once

#include <time.h>

#include <cstdint>

namespace rr {

// Nanoseconds of CLOCK_MONOTONIC.
inline uint64_t monotonicNow() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace rr
