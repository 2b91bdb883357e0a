#include "record/stops/searchable-site.h"

#include "patch/instruction.h"
#include "patch/jump.h"
#include "patch/site-code.h"

namespace rr {

namespace {

// As native/replay/stub-areas.cc wants them.
constexpr uint64_t kMargin = 1 << 20;
constexpr uint64_t kStubRoom = 4 * 4096;
// Bytes before and behind a site that are looked at.
constexpr uint64_t kReach = 512;

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

bool SearchableSites::leavesFlags(const TraceeMemory& memory, uint64_t site) {
  uint64_t start = 0;
  std::vector<uint8_t> bytes = readAround(memory, site, kReach, start);
  if (bytes.empty()) return false;
  const SiteCode code = exploreSite(start, std::move(bytes), site);
  return !code.graph.empty() && code.leavesFlags();
}

}  // namespace rr
