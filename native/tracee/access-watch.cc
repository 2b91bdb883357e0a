#include "tracee/access-watch.h"

#include "tracee/breakpoint.h"
#include "tracee/execution-breakpoint.h"

namespace rr {

namespace {

constexpr size_t kControl = 7;
constexpr size_t kStatus = 6;
constexpr uint64_t kOnAccess = 3;
// DR6: a single step.
constexpr uint64_t kStepped = 0x4000;

// DR7's code of a length (Intel SDM volume 3, 18.2.4).
uint64_t lengthCode(size_t length) { return length == 8 ? 2 : length - 1; }

size_t pieceAt(uint64_t address, size_t left) {
  size_t piece = 8;
  while (piece > left || address % piece != 0) piece /= 2;
  return piece;
}

}  // namespace

bool AccessWatch::arm(pid_t tid, std::span<const Range> ranges) {
  if (!debugRegistersStop()) return false;
  std::array<uint64_t, kRegisters> addresses = {};
  uint64_t control = 0;
  used_ = 0;
  for (size_t i = 0; i < ranges.size(); i++) {
    uint64_t address = ranges[i].address;
    for (size_t left = ranges[i].length; left > 0;) {
      if (used_ == kRegisters) return false;
      const size_t piece = pieceAt(address, left);
      control |= uint64_t{1} << (2 * used_) | (kOnAccess | lengthCode(piece) << 2) << (16 + 4 * used_);
      addresses[used_] = address;
      rangeOf_[used_++] = i;
      address += piece;
      left -= piece;
    }
  }
  for (size_t i = 0; i < kRegisters; i++) before_[i] = readDebugRegister(tid, i);
  controlBefore_ = readDebugRegister(tid, kControl);
  bool armed = writeDebugRegister(tid, kControl, 0) && writeDebugRegister(tid, kStatus, 0);
  for (size_t i = 0; armed && i < used_; i++) armed = writeDebugRegister(tid, i, addresses[i]);
  armed = armed && writeDebugRegister(tid, kControl, control);
  if (!armed) restore(tid);
  return armed;
}

int64_t AccessWatch::disarm(pid_t tid) {
  const uint64_t status = readDebugRegister(tid, kStatus);
  restore(tid);
  if ((status & kStepped) == 0) return -1;
  int64_t touched = 0;
  for (size_t i = 0; i < used_; i++) {
    if ((status >> i & 1) != 0) touched |= int64_t{1} << rangeOf_[i];
  }
  return touched;
}

void AccessWatch::restore(pid_t tid) const {
  writeDebugRegister(tid, kControl, 0);
  for (size_t i = 0; i < kRegisters; i++) writeDebugRegister(tid, i, before_[i]);
  writeDebugRegister(tid, kControl, controlBefore_);
}

}  // namespace rr
