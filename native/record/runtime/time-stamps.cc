#include "record/runtime/time-stamps.h"

#include <time.h>
#include <x86intrin.h>

#include "tracee/time-trap.h"

namespace rr {

namespace {

// Of so many readings the one that took the least time counts.
constexpr int kReadings = 16;
// Counts a nanosecond beyond which something is wrong with the counter.
constexpr double kLeast = 0.01;
constexpr double kMost = 100;
constexpr double kUnit = 4294967296.0;  // of the multiplier

uint64_t rawClock() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC_RAW, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000ULL + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

TimeStamps::TimeStamps() : first_(read()) {}

TimeStamps::Reading TimeStamps::read() {
  const TimeTrap::Pause pause;
  Reading best = {};
  uint64_t shortest = ~0ULL;
  for (int i = 0; i < kReadings; i++) {
    const uint64_t before = __rdtsc();
    const uint64_t clock = rawClock();
    const uint64_t took = __rdtsc() - before;
    if (took >= shortest) continue;
    shortest = took;
    best = {clock, before + took / 2};
  }
  return best;
}

bool TimeStamps::settle(uint64_t least) {
  if (rawClock() - first_.clock < least) return false;
  const Reading last = read();
  const double ratio = static_cast<double>(last.stamp - first_.stamp) / static_cast<double>(last.clock - first_.clock);
  if (!(ratio > kLeast && ratio < kMost)) return false;
  scale_ = {last.clock, last.stamp, static_cast<uint64_t>(ratio * kUnit)};
  return true;
}

uint64_t TimeStamps::now() const {
  if (!settled()) {
    const TimeTrap::Pause pause;
    return __rdtsc();
  }
  const auto passed = static_cast<unsigned __int128>(rawClock() - scale_.clock);
  return scale_.stamp + static_cast<uint64_t>((passed * scale_.multiplier) >> 32);
}

double TimeStamps::perNanosecond() const { return static_cast<double>(scale_.multiplier) / kUnit; }

}  // namespace rr
