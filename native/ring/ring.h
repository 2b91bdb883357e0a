// The producer's side of the ring between the recorder's thread and the workers that encode. One thread writes raw
// records (generated/schema.h) into slots of bounded, shared memory; when all slots are full it waits, and nothing is
// dropped. The memory belongs to the caller, who keeps it alive for as long as the writer lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "ring/layout.h"

namespace rr {

class RingWriter {
 public:
  // `base`: a ring that ringInitialise (or initialiseRing) made, `size` the bytes of memory from there on.
  // Throws std::invalid_argument when there is none.
  RingWriter(uint8_t* base, size_t size);
  RingWriter(const RingWriter&) = delete;
  RingWriter& operator=(const RingWriter&) = delete;

  // Contiguous space for `bytes` (a multiple of 8, at most maxRecordBytes()) in the current slot. When the slot has
  // not enough room it is sealed, and the next one taken as soon as it is free: this may block. nullptr when the
  // consumers have failed or the ring was stopped (then it stays so), or when `bytes` is more than a slot.
  uint8_t* reserve(size_t bytes);

  // Accounts the records just written at the last reserve(), `bytes` in all, at most what was reserved. Their headers
  // must be complete: it reads size, kind and event of each.
  void commit(size_t bytes);

  // Room left in the current slot, in bytes; the whole slot when none is begun. Data that is longer is best split
  // there: a record never straddles slots.
  size_t roomInSlot() const;
  // The largest record that fits in a slot, header and padding included.
  size_t maxRecordBytes() const { return ring_.control->slotSize; }

  // Hands a part-filled slot to the consumers; nothing when it is empty. For a slot that has been part-filled for a
  // second, and at the end. `old`: it has been part-filled for so long that what follows will not come soon.
  void seal(bool old = false);
  // True while the current slot has records in it that no consumer has seen.
  bool hasUnsealed() const { return begun_ && header().used > 0; }

  // Seals what is left and tells the consumers that no more will come. Nothing may be written afterwards.
  void close();

  // True once a consumer has failed or the ring was stopped: what is written from then on is lost.
  bool lost() const;

  // How often, and for how many nanoseconds in all, reserve() had to wait for a free slot.
  uint64_t waits() const { return ring_.control->waits; }
  uint64_t waitedNanoseconds() const { return waitedNanoseconds_; }

  // Called once, on the writer's thread, when the first slot was sealed because it was full (not by seal() or
  // close()): the moment to start the worker pool.
  std::function<void()> onFirstSealed;

 private:
  uint32_t slotIndex() const { return static_cast<uint32_t>(sequence_ % ring_.control->slotCount); }
  schema::SlotHeader& header() const { return ring_.headers[slotIndex()]; }
  bool beginSlot();

  RingView ring_;
  uint64_t sequence_ = 0;  // of the current slot, or of the next one while none is begun
  bool begun_ = false;
  bool announced_ = false;
  uint64_t waitedNanoseconds_ = 0;
};

}  // namespace rr
