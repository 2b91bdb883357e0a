#include "record/searchable-site.h"

#include "patch/instruction.h"
#include "patch/jump.h"

namespace rr {

namespace {

// As native/replay/stub-areas.cc wants them.
constexpr uint64_t kMargin = 1 << 20;
constexpr uint64_t kStubRoom = 4 * 4096;

}  // namespace

bool SearchableSites::contains(uint64_t site, std::span<const uint8_t> code) {
  const DecodedInstruction decoded = decodeInstruction(code);
  if (!decoded) return false;
  if (!read_) {
    std::vector<AddressRange> mapped;
    for (const MapLine& line : readMaps(tid_)) mapped.push_back({line.start, line.end});
    gaps_ = gapsBetween(mapped, kMargin);
    read_ = true;
  }
  return planJump(site, decoded.instruction.length, code, gaps_, kStubRoom, site).error == JumpError::none;
}

}  // namespace rr
