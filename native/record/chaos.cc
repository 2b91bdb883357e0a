#include "record/chaos.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rr {

namespace {

constexpr uint64_t kMicrosecond = 1'000;
constexpr uint64_t kMillisecond = 1'000'000;
constexpr int kLevelsOfAKind = 8;

// Priorities hold for between these. Nanoseconds.
constexpr uint64_t kShortestEpoch = 5 * kMillisecond;
constexpr uint64_t kLongestEpoch = 1'500 * kMillisecond;
// Low priorities are held back for between these, and may run for at least four times as long in between. Nanoseconds.
constexpr uint64_t kShortestHold = 2 * kMillisecond;
constexpr uint64_t kLongestHold = 2'000 * kMillisecond;
constexpr uint64_t kPauseFactor = 4;
constexpr uint64_t kShortestPause = kMillisecond / 2;
constexpr uint64_t kLongestPause = 300 * kMillisecond;
// A new task of low priority is often held back soon after its start, and for longer. Nanoseconds.
constexpr double kHoldNew = 0.9;
constexpr uint64_t kShortestStart = 10 * kMicrosecond;
constexpr uint64_t kLongestStart = 5 * kMillisecond;
constexpr uint64_t kShortestNewHold = 50 * kMillisecond;

// splitmix64: a number from two.
uint64_t mixed(uint64_t a, uint64_t b) {
  uint64_t value = a + 0x9e3779b97f4a7c15ULL * (b + 1);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// In [0, 1).
double fraction(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

}  // namespace

Chaos::Chaos(uint64_t seed) : seed_(seed), slices_(mixed(seed, 1)), times_(mixed(seed, 2)) {
  constexpr double kLow[] = {0.2, 0.35, 0.5};
  // The shortest slices suit a few calls between two threads, the middling ones let a thread do something whole in
  // between, those by time alone suit who computes.
  constexpr Ends kEnds[] = {Ends::soon, Ends::soon, Ends::soon, Ends::later, Ends::later, Ends::later, Ends::byTime};
  constexpr double kSoon[] = {0.75, 0.9};
  constexpr double kAnyOrder[] = {0.2, 0.5, 0.9, 0.9};
  constexpr double kShort[] = {0.1, 0.3, 0.6};
  lowPriority_ = kLow[mixed(seed, 3) % 3];
  ends_ = kEnds[mixed(seed, 4) % 7];
  soon_ = kSoon[mixed(seed, 8) % 2];
  shortSlice_ = kShort[mixed(seed, 5) % 3];
  anyOrder_ = kAnyOrder[mixed(seed, 7) % 4];
  holdsBack_ = mixed(seed, 6) % 4 != 0;
}

bool Chaos::chance(double probability) { return fraction(slices_()) < probability; }

uint64_t Chaos::between(uint64_t least, uint64_t most) {
  const double span = std::log(static_cast<double>(most) / static_cast<double>(least));
  return static_cast<uint64_t>(static_cast<double>(least) * std::exp(span * fraction(times_())));
}

Chaos::Slice Chaos::drawSlice() {
  const auto length = [this](uint64_t least, uint64_t most) {
    const double span = std::log(static_cast<double>(most) / static_cast<double>(least));
    return static_cast<uint64_t>(static_cast<double>(least) * std::exp(span * fraction(slices_())));
  };
  // None is so long by events: one slice of 50 ms is all that many programs live for.
  uint64_t runs = ~0ULL;
  if (ends_ == Ends::later) runs = length(1, 32);
  if (ends_ == Ends::soon) {
    runs = chance(soon_) ? 1 + static_cast<uint64_t>(std::countr_zero(slices_() | 1ULL << 20)) : length(3, 100);
  }
  const uint64_t time =
      chance(shortSlice_) ? length(100 * kMicrosecond, kMillisecond) : length(kMillisecond, 50 * kMillisecond);
  return {time, runs};
}

std::optional<size_t> Chaos::anyOf(size_t count) {
  if (count == 0 || !chance(anyOrder_)) return std::nullopt;
  return slices_() % count;
}

int Chaos::level(uint64_t ordinal) const {
  const uint64_t bits = mixed(mixed(seed_, 100 + epoch_), ordinal);
  const int within = static_cast<int>(bits % kLevelsOfAKind);
  return fraction(mixed(bits, 1)) < lowPriority_ ? kLowLevel + within : within;
}

void Chaos::planHold(uint64_t now) {
  holdStart_ = std::max(now + between(kShortestPause, kLongestPause), earliestHold_);
  holdEnd_ = holdStart_ + between(kShortestHold, kLongestHold);
}

void Chaos::endHold(uint64_t now) {
  const uint64_t end = std::min(now, holdEnd_);
  if (end > holdStart_) earliestHold_ = end + kPauseFactor * (end - holdStart_);
  holdStart_ = holdEnd_ = 0;
}

void Chaos::added(int level, uint64_t now) {
  if (!holdsBack_ || level < kLowLevel || now < earliestHold_ || !chance(kHoldNew)) return;
  if (holdEnd_ != 0 && now >= holdStart_) return;
  holdStart_ = now + between(kShortestStart, kLongestStart);
  holdEnd_ = holdStart_ + between(kShortestNewHold, kLongestHold);
}

bool Chaos::advance(uint64_t now, bool bothKinds) {
  if (holdsBack_) {
    if (holdEnd_ != 0 && (now >= holdEnd_ || !bothKinds)) endHold(now);
    if (holdEnd_ == 0 && bothKinds) planHold(now);
    holding_ = holdEnd_ != 0 && now >= holdStart_;
  }
  if (now < redrawAt_) return false;
  const bool first = redrawAt_ == 0;
  redrawAt_ = now + between(kShortestEpoch, kLongestEpoch);
  if (first) return false;
  epoch_++;
  return true;
}

}  // namespace rr
