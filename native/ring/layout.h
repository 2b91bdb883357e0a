// Where things are in a ring's memory: control block, slot headers, then the slots on a page boundary. The same
// arithmetic stands in engine/trace/ring-layout.ts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "generated/schema.h"

namespace rr {

inline constexpr uint32_t kMinSlotCount = 2;
inline constexpr uint32_t kMaxSlotCount = 4096;
inline constexpr uint32_t kMinSlotSize = 64 << 10;
inline constexpr uint32_t kMaxSlotSize = 16 << 20;

// Bytes from the ring's start to its first slot.
constexpr size_t slotsOffset(uint32_t slotCount) {
  const size_t headers = sizeof(schema::RingControl) + size_t{slotCount} * sizeof(schema::SlotHeader);
  return (headers + 4095) & ~size_t{4095};
}

// Bytes of the whole ring.
constexpr size_t ringBytes(uint32_t slotCount, uint32_t slotSize) {
  return slotsOffset(slotCount) + size_t{slotCount} * slotSize;
}

// A ring in memory that somebody else owns and keeps alive. Nothing but pointers; copied freely.
struct RingView {
  schema::RingControl* control = nullptr;
  schema::SlotHeader* headers = nullptr;
  uint8_t* slots = nullptr;

  uint8_t* slot(uint32_t index) const { return slots + size_t{index} * control->slotSize; }
};

// What is wrong with a ring's geometry or memory; nullptr when nothing is. `base` must be aligned to 64 bytes.
const char* checkRing(const uint8_t* base, size_t size, uint32_t slotCount, uint32_t slotSize);

// Makes an empty ring of memory that checkRing accepts.
RingView initialiseRing(uint8_t* base, uint32_t slotCount, uint32_t slotSize);

// The ring that initialiseRing made there. Throws std::invalid_argument when there is none that fits in `size`.
RingView openRing(uint8_t* base, size_t size);

}  // namespace rr
