#include "replay/stub-areas.h"

#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>

#include "patch/matcher-stub.h"
#include "replay/remote-call.h"
#include "tracee/tracee.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
// An area: two pages of code, so that a stub may begin anywhere in the first, and those of data, of which hardly any
// stub touches more than the first.
constexpr uint64_t kCodeBytes = 2 * kPage;
constexpr uint64_t kAreaBytes = kCodeBytes + kExtendedArea + kExtendedAreaSize;
// A stub has at least this much room.
constexpr uint64_t kStubBytes = kPage;
// Gaps next to a mapping are left alone this far, where that leaves a place: stacks grow down. Bytes.
constexpr uint64_t kMargins[] = {16 << 20, 1 << 20};
constexpr size_t kMostAreas = 16;
// The processor predicts branches by the lower bits of their addresses. Where the program's around the site and the
// stub's have the same, each pass costs some 20 ns for wrong predictions instead of less than one: measured on a Xeon
// with returns around the site and a stub 0x48000004 bytes behind it. Bytes that they are apart at least, in a page.
constexpr uint64_t kApart = 1024;

bool isAlias(uint64_t stub, uint64_t site) {
  const uint64_t apart = (stub - site) & (kPage - 1);
  return apart < kApart || apart > kPage - kApart;
}

bool isTaken(uint64_t area, std::span<const StubAreas::Place> taken) {
  return std::ranges::any_of(
      taken, [&](const StubAreas::Place& each) { return each.data >= area && each.data < area + kAreaBytes; });
}

}  // namespace

std::optional<StubAreas::Place> StubAreas::find(pid_t tid, uint64_t site, uint8_t length,
                                                std::span<const uint8_t> code) {
  std::optional<Place> place;
  for (const uint64_t area : areas_) {
    const auto here = placeIn(area, site, length, code);
    if (here && !isAlias(here->code, site)) return here;
    if (here) place = here;
  }
  if (program_.empty()) readProgram(tid);
  const std::optional<uint64_t> area = planArea(program_, site, length, code, place.has_value());
  if (!area) return place;
  if (!mapArea(tid, *area, {})) return std::nullopt;
  return placeIn(*area, site, length, code);
}

std::optional<StubAreas::Place> StubAreas::findBeside(pid_t tid, uint64_t site, uint8_t length,
                                                      std::span<const uint8_t> code, std::span<const Place> taken,
                                                      uint64_t room) {
  for (const uint64_t area : areas_) {
    if (const auto here = placeBeside(area, site, length, code, taken, room)) return here;
  }
  if (program_.empty()) readProgram(tid);
  std::vector<AddressRange> mapped = program_;
  for (const uint64_t area : areas_) {
    if (isTaken(area, taken)) insertSorted(mapped, {area, area + kAreaBytes});
  }
  const std::optional<uint64_t> area = planArea(mapped, site, length, code, false);
  if (!area || !mapArea(tid, *area, taken)) return std::nullopt;
  return placeBeside(*area, site, length, code, taken, room);
}

bool StubAreas::mapArea(pid_t tid, uint64_t area, std::span<const Place> taken) {
  // What is ours in its way serves no search now.
  unmapIn(tid, area, area + kAreaBytes);
  const uint64_t mapping[6] = {
      area,  kAreaBytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
      ~0ULL, 0};
  if (remoteCall(tid, SYS_mmap, mapping) != static_cast<long>(area)) {
    program_.clear();
    return false;
  }
  if (areas_.size() >= kMostAreas) {
    const auto oldest = std::ranges::find_if(areas_, [&](uint64_t each) { return !isTaken(each, taken); });
    if (oldest != areas_.end()) unmapIn(tid, *oldest, *oldest + 1);
  }
  areas_.push_back(area);
  return true;
}

// Where an area may be mapped that the jump reaches; `asGood`: only one where the stub is no alias of the site.
std::optional<uint64_t> StubAreas::planArea(std::span<const AddressRange> mapped, uint64_t site, uint8_t length,
                                            std::span<const uint8_t> code, bool asGood) const {
  for (const uint64_t margin : kMargins) {
    const std::vector<AddressRange> gaps = gapsBetween(mapped, margin);
    const auto plan = [&](uint64_t wanted) { return planJump(site, length, code, gaps, kAreaBytes + kPage, wanted); };
    const JumpPlan nearest = plan(site);
    if (nearest.error != JumpError::none) continue;
    const uint64_t area = nearest.jump.target & ~(kPage - 1);
    // The nearest target is often the first or last that the jump can reach, and an alias; one in the next page is not.
    for (const uint64_t wanted : {area, area + 2 * kPage, area - kPage}) {
      const uint64_t other = plan(wanted).jump.target & ~(kPage - 1);
      const auto place = placeIn(other, site, length, code);
      if (place && !isAlias(place->code, site)) return other;
    }
    if (!asGood) return area;
  }
  return std::nullopt;
}

std::optional<StubAreas::Place> StubAreas::placeIn(uint64_t area, uint64_t site, uint8_t length,
                                                   std::span<const uint8_t> code) const {
  const AddressRange room = {area, area + kCodeBytes};
  const uint64_t wanted = area + ((site + kPage / 2) & (kPage - 1));
  const JumpPlan plan = planJump(site, length, code, std::span(&room, 1), kStubBytes, wanted);
  if (plan.error != JumpError::none) return std::nullopt;
  return Place{plan.jump, plan.jump.target, room.end - plan.jump.target, room.end};
}

std::optional<StubAreas::Place> StubAreas::placeBeside(uint64_t area, uint64_t site, uint8_t length,
                                                       std::span<const uint8_t> code, std::span<const Place> taken,
                                                       uint64_t capacity) {
  std::vector<AddressRange> room = {{area, area + kCodeBytes}};
  uint64_t data = area + kCodeBytes;
  for (const Place& each : taken) {
    const AddressRange codeOf = {each.code, each.code + each.capacity};
    room = subtract(room, std::span(&codeOf, 1));
    if (each.data >= data && each.data < area + kAreaBytes) data = each.data + kSmallStub;
  }
  if (data + kSmallStub > area + kAreaBytes) return std::nullopt;
  const uint64_t wanted = area + ((site + kPage / 2) & (kPage - 1));
  const JumpPlan plan = planJump(site, length, code, room, capacity, wanted);
  if (plan.error != JumpError::none) return std::nullopt;
  return Place{plan.jump, plan.jump.target, capacity, data};
}

std::vector<AddressRange> StubAreas::ranges() const {
  std::vector<AddressRange> own;
  for (const uint64_t area : areas_) insertSorted(own, {area, area + kAreaBytes});
  return own;
}

void StubAreas::readProgram(pid_t tid) {
  const std::vector<AddressRange> own = ranges();
  std::vector<AddressRange> mapped;
  constant_.clear();
  other_.clear();
  for (const MapLine& line : readMaps(tid)) {
    mapped.push_back({line.start, line.end});
    if (line.executable && !line.writable && !line.shared) constant_.push_back({line.start, line.end});
  }
  program_ = subtract(mapped, own);
}

bool StubAreas::isConstantCode(pid_t tid, uint64_t start, uint64_t end) {
  const auto among = [&](const std::vector<AddressRange>& ranges) {
    return std::ranges::any_of(ranges,
                               [&](const AddressRange& each) { return start >= each.start && end <= each.end; });
  };
  if (among(constant_)) return true;
  if (among(other_)) return false;
  if (program_.empty()) readProgram(tid);
  if (among(constant_)) return true;
  other_.push_back({start, end});
  return false;
}

void StubAreas::makeRoom(pid_t tid, uint64_t start, uint64_t end) {
  program_.clear();
  const AddressRange changed = {start & ~(kPage - 1), std::max(start, (end + kPage - 1) & ~(kPage - 1))};
  constant_ = subtract(constant_, std::span(&changed, 1));
  std::erase_if(other_, [&](const AddressRange& each) { return changed.start < each.end && changed.end > each.start; });
  unmapIn(tid, start, end);
}

void StubAreas::unmapIn(pid_t tid, uint64_t start, uint64_t end) {
  std::erase_if(areas_, [&](uint64_t area) {
    if (start >= area + kAreaBytes || end <= area) return false;
    const uint64_t arguments[6] = {area, kAreaBytes, 0, 0, 0, 0};
    remoteCall(tid, SYS_munmap, arguments);
    return true;
  });
}

}  // namespace rr
