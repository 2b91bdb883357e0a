#include "ring/ring.h"

#include <atomic>
#include <chrono>

#include "ring/broken-wait.h"
#include "ring/futex.h"

namespace rr {

using schema::RecordHeader;
using schema::RecordKind;
using schema::SlotHeader;
using schema::SlotState;

namespace {

// A wait is cut into pieces so short that the stop and failed flags are seen soon even when a wake is missed.
constexpr uint32_t kTickMilliseconds = 50;

std::atomic_ref<uint32_t> atomic(uint32_t& word) { return std::atomic_ref<uint32_t>(word); }
std::atomic_ref<uint64_t> atomic(uint64_t& word) { return std::atomic_ref<uint64_t>(word); }

}  // namespace

RingWriter::RingWriter(uint8_t* base, size_t size) : ring_(openRing(base, size)) {
  sequence_ = atomic(ring_.control->sealed).load(std::memory_order_acquire);
}

bool RingWriter::lost() const {
  return atomic(ring_.control->failed).load(std::memory_order_acquire) != 0 ||
         atomic(ring_.control->stop).load(std::memory_order_acquire) != 0;
}

bool RingWriter::beginSlot() {
  SlotHeader& slot = header();
  const uint32_t free = static_cast<uint32_t>(SlotState::kFree);
  if (atomic(slot.state).load(std::memory_order_acquire) != free) {
    atomic(ring_.control->waits).fetch_add(1, std::memory_order_relaxed);
    const auto start = std::chrono::steady_clock::now();
    while (!lost()) {
      const uint32_t seen = atomic(ring_.control->freeSignal).load(std::memory_order_acquire);
      if (atomic(slot.state).load(std::memory_order_acquire) == free) break;
      futexWait(&ring_.control->freeSignal, seen, kTickMilliseconds);
      waitBroken("the trace to be written");
    }
    const auto waited = std::chrono::steady_clock::now() - start;
    waitedNanoseconds_ += std::chrono::duration_cast<std::chrono::nanoseconds>(waited).count();
  }
  if (lost()) return false;
  slot.used = 0;
  slot.sequence = sequence_;
  slot.firstEvent = UINT64_MAX;
  slot.lastEvent = 0;
  slot.laneMask = 0;
  slot.recordCount = 0;
  atomic(slot.state).store(static_cast<uint32_t>(SlotState::kFilling), std::memory_order_relaxed);
  begun_ = true;
  return true;
}

uint8_t* RingWriter::reserve(size_t bytes) {
  if (bytes > maxRecordBytes() || lost()) return nullptr;
  if (begun_ && bytes > roomInSlot()) {
    seal();
    if (!announced_) {
      announced_ = true;
      if (onFirstSealed) onFirstSealed();
    }
  }
  if (!begun_ && !beginSlot()) return nullptr;
  return ring_.slot(slotIndex()) + header().used;
}

void RingWriter::commit(size_t bytes) {
  SlotHeader& slot = header();
  const uint8_t* position = ring_.slot(slotIndex()) + slot.used;
  const uint8_t* end = position + bytes;
  while (position < end) {
    const RecordHeader* record = reinterpret_cast<const RecordHeader*>(position);
    if (record->event < slot.firstEvent) slot.firstEvent = record->event;
    if (record->event > slot.lastEvent) slot.lastEvent = record->event;
    slot.laneMask |= 1u << static_cast<unsigned>(schema::laneOf(static_cast<RecordKind>(record->kind)));
    slot.recordCount++;
    position += record->size;
  }
  slot.used += static_cast<uint32_t>(bytes);
}

size_t RingWriter::roomInSlot() const {
  return begun_ ? ring_.control->slotSize - header().used : ring_.control->slotSize;
}

void RingWriter::seal(bool old) {
  if (!hasUnsealed()) return;
  header().old = old ? 1 : 0;
  atomic(header().state).store(static_cast<uint32_t>(SlotState::kFull), std::memory_order_release);
  begun_ = false;
  sequence_++;
  atomic(ring_.control->sealed).store(sequence_, std::memory_order_release);
  atomic(ring_.control->fullSignal).fetch_add(1, std::memory_order_release);
  futexWakeAll(&ring_.control->fullSignal);
}

void RingWriter::close() {
  seal();
  atomic(ring_.control->closed).store(1, std::memory_order_release);
  atomic(ring_.control->fullSignal).fetch_add(1, std::memory_order_release);
  futexWakeAll(&ring_.control->fullSignal);
}

}  // namespace rr
