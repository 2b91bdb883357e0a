#include "ring/layout.h"

#include <cstring>
#include <stdexcept>
#include <string>

namespace rr {

using schema::RingControl;
using schema::SlotHeader;

const char* checkRing(const uint8_t* base, size_t size, uint32_t slotCount, uint32_t slotSize) {
  if (reinterpret_cast<uintptr_t>(base) % 64 != 0) return "its memory is not aligned to 64 bytes";
  if (slotCount < kMinSlotCount || slotCount > kMaxSlotCount) return "the slot count is not between 2 and 4096";
  if (slotSize < kMinSlotSize || slotSize > kMaxSlotSize) return "the slot size is not between 64 KiB and 16 MiB";
  if (slotSize % 4096 != 0) return "the slot size is not a multiple of 4096";
  if (ringBytes(slotCount, slotSize) > size) return "its memory is too small for its slots";
  return nullptr;
}

static RingView view(uint8_t* base, uint32_t slotCount) {
  return {reinterpret_cast<RingControl*>(base), reinterpret_cast<SlotHeader*>(base + sizeof(RingControl)),
          base + slotsOffset(slotCount)};
}

RingView initialiseRing(uint8_t* base, uint32_t slotCount, uint32_t slotSize) {
  memset(base, 0, slotsOffset(slotCount));
  RingView ring = view(base, slotCount);
  ring.control->magic = schema::kRingMagic;
  ring.control->slotCount = slotCount;
  ring.control->slotSize = slotSize;
  return ring;
}

RingView openRing(uint8_t* base, size_t size) {
  const RingControl* control = reinterpret_cast<const RingControl*>(base);
  const char* fault = nullptr;
  if (size < sizeof(RingControl)) {
    fault = "its memory is too small for the control block";
  } else if (reinterpret_cast<uintptr_t>(base) % 64 != 0 || control->magic != schema::kRingMagic) {
    fault = "it was not initialised";
  } else {
    fault = checkRing(base, size, control->slotCount, control->slotSize);
  }
  if (fault) throw std::invalid_argument(std::string("ring: ") + fault);
  return view(base, control->slotCount);
}

}  // namespace rr
