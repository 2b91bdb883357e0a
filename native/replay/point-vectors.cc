#include "replay/point-vectors.h"

#include <cpuid.h>
#include <string.h>

#include "tracee/tracee.h"

namespace rr {

namespace {

// Where the XSAVE area has 16 vector registers, or parts of them.
struct XsaveLanes {
  size_t offset;
  unsigned firstVector;
  unsigned firstLane;
  unsigned count;  // lanes of each register
};

// Components of the XSAVE area's standard format (Intel SDM volume 1, 13.5; the offsets are the processor's, CPUID leaf
// 0DH): the legacy region has xmm, component 2 the upper halves of ymm, 6 those of zmm0 to 15, 7 zmm16 to 31 whole.
const std::vector<XsaveLanes>& xsaveLanes() {
  static const std::vector<XsaveLanes> lanes = [] {
    std::vector<XsaveLanes> found = {{160, 0, 0, 2}};
    const auto add = [&](unsigned component, unsigned firstVector, unsigned firstLane, unsigned count) {
      unsigned size = 0;
      unsigned offset = 0;
      unsigned ignored = 0;
      if (!__get_cpuid_count(0xd, component, &size, &offset, &ignored, &ignored) || size == 0) return;
      found.push_back({offset, firstVector, firstLane, count});
    };
    add(2, 0, 2, 2);
    add(6, 0, 4, 4);
    add(7, 16, 0, 8);
    return found;
  }();
  return lanes;
}

// What else an area has.
struct XsavePart {
  uint8_t component;
  size_t offset;
  size_t size;
};

// The control and status words of x87 and SSE, and the components that are not vectors.
const std::vector<XsavePart>& otherParts() {
  static const std::vector<XsavePart> parts = [] {
    std::vector<XsavePart> found = {{0, 0, 8}, {1, 24, 8}};
    constexpr unsigned kSupervisor = 1;  // of ECX: XSAVE does not have it
    constexpr unsigned kVectors = 1 << 2 | 1 << 6 | 1 << 7;
    unsigned lower = 0;
    unsigned upper = 0;
    unsigned ignored = 0;
    if (!__get_cpuid_count(0xd, 0, &lower, &ignored, &ignored, &upper)) return found;
    const uint64_t usable = (uint64_t{upper} << 32 | lower) & ~uint64_t{kVectors};
    for (uint8_t component = 2; component < 63; component++) {
      unsigned size = 0;
      unsigned offset = 0;
      unsigned kind = 0;
      if ((usable >> component & 1) == 0) continue;
      if (!__get_cpuid_count(0xd, component, &size, &offset, &kind, &ignored) || kind & kSupervisor) continue;
      if (size_t{offset} + size <= kExtendedAreaSize) found.push_back({component, offset, size});
    }
    return found;
  }();
  return parts;
}

}  // namespace

void PointVectors::begin(pid_t tid, std::span<const uint8_t> recorded) {
  tid_ = tid;
  expected_.assign(recorded.begin(), recorded.end());
}

// Fills now_; false when it is not of the recorded area's size. The zeros at the end of that are not recorded.
bool PointVectors::read() {
  if (!getXsave(tid_, now_) || expected_.size() > now_.size()) return false;
  expected_.resize(now_.size());
  return true;
}

bool PointVectors::same() {
  if (expected_.empty()) return true;
  if (!read()) return false;
  // XSTATE_BV, bytes 512 to 519: whether a component is marked in use while it holds its initial value is not state.
  constexpr size_t kHeader = 512;
  if (now_.size() < kHeader + 8) return now_ == expected_;
  return memcmp(now_.data(), expected_.data(), kHeader) == 0 &&
         memcmp(now_.data() + kHeader + 8, expected_.data() + kHeader + 8, now_.size() - kHeader - 8) == 0;
}

std::optional<WordMatch> PointVectors::differingLane(bool& lowerHalfDiffers) {
  if (!read()) return std::nullopt;
  const auto differs = [&](size_t offset) {
    return offset + 8 <= now_.size() && memcmp(now_.data() + offset, expected_.data() + offset, 8) != 0;
  };
  const auto match = [&](const StateWord& word, size_t offset) {
    lowerHalfDiffers = memcmp(now_.data() + offset, expected_.data() + offset, 4) != 0;
    uint64_t value;
    memcpy(&value, expected_.data() + offset, sizeof value);
    return WordMatch{word, value};
  };
  for (const XsaveLanes& lanes : xsaveLanes()) {
    for (unsigned vector = 0; vector < 16; vector++) {
      for (unsigned lane = 0; lane < lanes.count; lane++) {
        const size_t offset = lanes.offset + (vector * lanes.count + lane) * 8;
        if (!differs(offset)) continue;
        return match(
            VectorWord{static_cast<uint8_t>(lanes.firstVector + vector), static_cast<uint8_t>(lanes.firstLane + lane)},
            offset);
      }
    }
  }
  // Intel SDM volume 1, table 10-2.
  constexpr size_t kX87Registers = 32;
  for (unsigned half = 0; half < 16; half++) {
    const size_t offset = kX87Registers + half * 8;
    if (differs(offset)) return match(X87Word{static_cast<uint8_t>(half / 2), half % 2 != 0}, offset);
  }
  for (const XsavePart& part : otherParts()) {
    for (size_t offset = part.offset; offset + 8 <= part.offset + part.size; offset += 8) {
      if (differs(offset)) return match(ExtendedWord{part.component, static_cast<uint16_t>(offset)}, offset);
    }
  }
  return std::nullopt;
}

}  // namespace rr
