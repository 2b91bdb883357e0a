// The consumers' side of the ring: taking full slots, giving them back, stopping. Any number of threads.
#pragma once

#include <cstdint>

#include "ring/layout.h"

namespace rr {

// What takeSlot returns instead of a slot's index.
inline constexpr int32_t kTakeTimedOut = -1;
inline constexpr int32_t kTakeEnded = -2;  // closed and drained, or stopped

// The oldest full slot that nobody has taken: its index. Waits for it at most `milliseconds` (capped at 50, because
// nothing can interrupt the wait).
int32_t takeSlot(const RingView& ring, uint32_t milliseconds);

// Gives back a slot that takeSlot returned. False, and nothing done, when that slot is not taken.
bool releaseSlot(const RingView& ring, uint32_t index);

// Ends the ring: consumers get kTakeEnded from now on, the producer nullptr.
void stopRing(const RingView& ring);

// Says that a consumer cannot go on: the producer gets nullptr from now on. Slots already full can still be taken.
void failRing(const RingView& ring);

}  // namespace rr
