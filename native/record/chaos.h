// The choices of chaos mode: random priorities, slices and times in which some tasks do not run at all, so that orders
// of execution come up that a fair schedule hardly ever has. All follow from one seed: a task's priority from its
// ordinal, slices from their order; only when priorities are drawn again, and when tasks are held back, is a matter of
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

namespace rr {

class Chaos {
 public:
  explicit Chaos(uint64_t seed);

  struct Slice {
    uint64_t length;  // nanoseconds
    uint64_t runs;    // and at most so many runs from event to event
  };
  Slice drawSlice();

  // Which of `count` tasks that may run goes next, whatever their priorities; nothing when priorities decide.
  std::optional<size_t> anyOf(size_t count);
  // Level of a task until priorities are drawn again.
  int level(uint64_t ordinal) const;
  // The maker of a new task gives way to it.
  bool newTaskFirst() { return chance(0.3); }

  // A task of this level has been made.
  void added(int level, uint64_t now);

  // Looks at the time. True when priorities are to be drawn again. Without tasks of both kinds, low and other, blocked
  // ones counted, none is held back: it would show nothing.
  bool advance(uint64_t now, bool bothKinds);
  // Tasks of this level are held back now.
  bool holds(int level) const { return holding_ && level >= kLowLevel; }
  // When they may run again, nanoseconds of CLOCK_MONOTONIC; 0 when none is held back.
  uint64_t holdEnd() const { return holding_ ? holdEnd_ : 0; }

  // Levels from here on are of low priority.
  static constexpr int kLowLevel = 8;

 private:
  bool chance(double probability);
  // Between the two, all orders of magnitude alike.
  uint64_t between(uint64_t least, uint64_t most);
  void planHold(uint64_t now);
  void endHold(uint64_t now);

  uint64_t seed_;
  std::mt19937_64 slices_;
  std::mt19937_64 times_;
  // Drawn once for the recording, so that recordings differ in kind.
  // Slices of at most a few events, up to some dozens, or as many as their time has room for.
  enum class Ends { soon, later, byTime };
  Ends ends_ = Ends::byTime;
  double soon_ = 0;         // probability of a few events, where slices end soon
  double lowPriority_ = 0;  // probability of a task
  double shortSlice_ = 0;   // probability of a slice under a millisecond
  double anyOrder_ = 0;     // probability of a choice without priorities
  bool holdsBack_ = false;
  uint64_t epoch_ = 0;
  uint64_t redrawAt_ = 0;
  bool holding_ = false;
  uint64_t earliestHold_ = 0;
  uint64_t holdStart_ = 0;
  uint64_t holdEnd_ = 0;
};

}  // namespace rr
