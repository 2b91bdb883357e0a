// A `loop` instruction that goes to itself: all that it does is count rcx down, so none of its passes need be made.
#pragma once

#include <cstdint>
#include <span>

namespace rr {

// Whether the code at `address` is `loop` (e2) to itself, with rcx as its counter.
bool countsInPlace(std::span<const uint8_t> code, uint64_t address) noexcept;

// How many passes can be left out where the task stands at such a loop with rcx `now`, and is to stand there with rcx
// `wanted`: up to that one, where it lies ahead and `reachable`; else up to the last.
uint64_t passesAhead(uint64_t now, uint64_t wanted, bool reachable) noexcept;

}  // namespace rr
