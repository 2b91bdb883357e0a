#include "ring/consumer.h"

#include <algorithm>
#include <atomic>
#include <chrono>

#include "ring/futex.h"

namespace rr {

using schema::RingControl;
using schema::SlotState;

namespace {

constexpr uint32_t kMaxWaitMilliseconds = 50;

template <typename Word>
std::atomic_ref<Word> atomic(Word& word) {
  return std::atomic_ref<Word>(word);
}

// Takes a slot without waiting; kTakeTimedOut when there is none.
int32_t tryTake(const RingView& ring) {
  RingControl& control = *ring.control;
  if (atomic(control.stop).load(std::memory_order_acquire)) return kTakeEnded;
  const bool closed = atomic(control.closed).load(std::memory_order_acquire) != 0;
  uint64_t taken = atomic(control.taken).load(std::memory_order_acquire);
  while (taken < atomic(control.sealed).load(std::memory_order_acquire)) {
    if (atomic(control.taken).compare_exchange_weak(taken, taken + 1, std::memory_order_acq_rel)) {
      const uint32_t index = static_cast<uint32_t>(taken % control.slotCount);
      atomic(ring.headers[index].state).store(static_cast<uint32_t>(SlotState::kTaken), std::memory_order_relaxed);
      return static_cast<int32_t>(index);
    }
  }
  // `closed` was read first: nothing can have been sealed behind our back.
  return closed ? kTakeEnded : kTakeTimedOut;
}

void signal(uint32_t& word) {
  atomic(word).fetch_add(1, std::memory_order_release);
  futexWakeAll(&word);
}

}  // namespace

int32_t takeSlot(const RingView& ring, uint32_t milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto limit = std::chrono::milliseconds(std::min(milliseconds, kMaxWaitMilliseconds));
  const auto deadline = Clock::now() + limit;
  for (;;) {
    const uint32_t seen = atomic(ring.control->fullSignal).load(std::memory_order_acquire);
    const int32_t result = tryTake(ring);
    if (result != kTakeTimedOut) return result;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return kTakeTimedOut;
    futexWait(&ring.control->fullSignal, seen, static_cast<uint32_t>(left));
  }
}

bool releaseSlot(const RingView& ring, uint32_t index) {
  if (index >= ring.control->slotCount) return false;
  uint32_t expected = static_cast<uint32_t>(SlotState::kTaken);
  const uint32_t free = static_cast<uint32_t>(SlotState::kFree);
  if (!atomic(ring.headers[index].state).compare_exchange_strong(expected, free, std::memory_order_acq_rel)) {
    return false;
  }
  signal(ring.control->freeSignal);
  return true;
}

void stopRing(const RingView& ring) {
  atomic(ring.control->stop).store(1, std::memory_order_release);
  signal(ring.control->fullSignal);
  signal(ring.control->freeSignal);
}

void failRing(const RingView& ring) {
  atomic(ring.control->failed).store(1, std::memory_order_release);
  signal(ring.control->freeSignal);
  signal(ring.control->fullSignal);
}

}  // namespace rr
