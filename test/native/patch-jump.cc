// Plans jumps for random instructions in random address spaces and decodes what would stand there.
// Prints `N jumps, N impossible`; status 1 with a line that tells what is wrong.
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "patch/free-space.h"
#include "patch/instruction.h"
#include "patch/jump.h"

namespace {

std::mt19937_64 generator(7);

uint64_t below(uint64_t limit) { return generator() % limit; }

void require(bool holds, const char* what) {
  if (holds) return;
  printf("failed: %s\n", what);
  exit(1);
}

bool contains(const std::vector<rr::AddressRange>& ranges, uint64_t address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [&](const rr::AddressRange& each) { return address >= each.start && address < each.end; });
}

// Ascending ranges in a space of 64 units, so that all of it can be looked at.
std::vector<rr::AddressRange> randomRanges(uint64_t base) {
  std::vector<rr::AddressRange> ranges;
  for (uint64_t at = below(6); at < 60;) {
    const uint64_t end = at + 1 + below(8);
    ranges.push_back({base + at, base + end});
    at = end + below(9);
  }
  return ranges;
}

// gapsBetween, subtract and findRoom against the definition, address by address.
void checkRanges() {
  for (int round = 0; round < 3000; round++) {
    const auto mapped = randomRanges(rr::kLowestMappable);
    const auto gaps = rr::gapsBetween(mapped);
    for (uint64_t at = rr::kLowestMappable; at < rr::kLowestMappable + 80; at++)
      require(contains(gaps, at) != contains(mapped, at), "gaps are what is not mapped");
    require(!contains(gaps, rr::kLowestMappable - 1) && !contains(gaps, rr::kUserSpaceEnd), "gaps end with user space");

    const auto free = randomRanges(1000), excluded = randomRanges(1000);
    const auto left = rr::subtract(free, excluded);
    for (uint64_t at = 990; at < 1080; at++)
      require(contains(left, at) == (contains(free, at) && !contains(excluded, at)), "subtract");

    const uint64_t size = 1 + below(6), first = 1000 + below(64), last = first + below(64);
    const uint64_t wanted = 980 + below(120), alignment = uint64_t{1} << below(3);
    const uint64_t remainder = below(alignment);
    uint64_t best = UINT64_MAX, distance = UINT64_MAX;
    for (uint64_t at = first; at <= last; at++) {
      bool fits = at % alignment == remainder;
      for (const rr::AddressRange& range : free)
        if (at >= range.start && at < range.end) fits = fits && at + size <= range.end;
      fits = fits && contains(free, at);
      const uint64_t away = at > wanted ? at - wanted : wanted - at;
      if (fits && away < distance) best = at, distance = away;
    }
    const auto found = rr::findRoom(free, wanted, first, last, size, alignment, remainder);
    require(found.has_value() == (best != UINT64_MAX), "findRoom finds room where there is some");
    // The nearest aligned address below `wanted` is preferred to the one above: as near to within the alignment.
    if (found) {
      const uint64_t away = *found > wanted ? *found - wanted : wanted - *found;
      require(*found >= first && *found <= last && *found % alignment == remainder && contains(free, *found) &&
                  contains(free, *found + size - 1) && away < distance + alignment,
              "findRoom keeps its conditions and is nearest");
    }
  }
  require(rr::gapsBetween(std::vector<rr::AddressRange>{{0x20000, 0x30000}, {0x31000, 0x40000}}, 0x1000).size() == 2,
          "a gap smaller than its margins is none");
}

void checkJumps(uint64_t& jumps, uint64_t& impossible) {
  for (int round = 0; round < 20'000; round++) {
    // A site in mapped text with mappings around, some of them right where jumps would go.
    const uint64_t site = below(4) == 0 ? 0x400000 + below(1 << 20) : 0x7f0000000000 + below(uint64_t{1} << 36);
    const uint64_t text = site & ~0xfffffull;
    std::vector<rr::AddressRange> mapped = {{text, text + 0x200000}};
    for (uint64_t at = text + 0x200000; mapped.size() < 20; at = mapped.back().end)
      mapped.push_back({at + (below(64) << 20), at + (64 << 20) + (below(256) << 20)});
    const auto free = rr::gapsBetween(mapped);

    uint8_t code[32];
    for (uint8_t& byte : code) byte = static_cast<uint8_t>(generator());
    const auto length = static_cast<uint8_t>(1 + below(15));
    const uint64_t size = 1 + below(4096);
    const rr::JumpPlan plan = rr::planJump(site, length, code, free, size, site);
    const auto forms = rr::jumpForms(site, length, code);
    if (plan.error != rr::JumpError::none) {
      require(plan.error == rr::JumpError::noFreeTarget, "the reason is that all targets are taken");
      for (const rr::JumpForm& form : forms)
        require(!rr::findRoom(free, site, form.first, form.last, size), "no form had a free target");
      impossible++;
      continue;
    }
    jumps++;
    const rr::Jump& jump = plan.jump;
    require(jump.length <= length && jump.length <= 5, "no byte but the instruction's own changes");
    require(contains(free, jump.target) && contains(free, jump.target + size - 1), "the target is free");
    uint8_t patched[sizeof code];
    memcpy(patched, code, sizeof code);
    memcpy(patched, jump.bytes.data(), jump.length);
    const rr::DecodedInstruction decoded = rr::decodeInstruction(patched);
    require(decoded && decoded.instruction.kind == rr::InstructionKind::relativeJump, "a jump stands at the site");
    require(rr::branchTarget(decoded.instruction, site) == jump.target, "it goes to the target");
    require(decoded.instruction.length == jump.length + jump.borrowed || length >= 5, "it borrows what it says");
    const auto again = rr::jumpTo(site, length, code, jump.target);
    require(again && again->target == jump.target, "jumpTo reaches what planJump chose");
  }
}

// `syscall; ret` in front of what may be padding to the next multiple of 16.
void checkPadded() {
  struct Padding {
    std::vector<uint8_t> bytes;
    bool counts;
  };
  const std::vector<Padding> all = {
      {{0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0, 0x0f, 0x1f, 0x00}, true},
      {{0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0}, true},
      {{0xcc, 0xcc, 0xcc, 0xcc}, true},
      {{0x0f, 0x1f, 0x00}, true},
      {{0x90, 0x90, 0x90}, false},
      {{0xf3, 0x66, 0x90}, false},
      {{0x0f, 0x1f, 0x84, 0, 0, 0, 0}, false},
      {{0x0f, 0x1e, 0x84, 0, 0, 0, 0, 0}, false},
      {{0x0f, 0x1f, 0x40, 0x00}, true},
      {{0xcc}, false},
  };
  for (const Padding& padding : all) {
    // A library near the stack: nothing can be mapped half a gigabyte above it.
    const uint64_t site = 0x7ffff7ea9500 - padding.bytes.size() - 3;
    std::vector<uint8_t> code = {0x0f, 0x05, 0xc3};
    code.insert(code.end(), padding.bytes.begin(), padding.bytes.end());
    code.resize(24, 0x55);
    const uint64_t text = 0x7ffff7e00000;
    const auto free = rr::gapsBetween(std::vector<rr::AddressRange>{{text, text + 0x1ff000}});
    const rr::JumpPlan plan = rr::planPaddedJump(site, 2, code, free, 24, site);
    require((plan.error == rr::JumpError::none) == padding.counts, "padding is what compilers put there, and no more");
    if (!padding.counts) continue;
    const rr::Jump& jump = plan.jump;
    require(contains(free, jump.target) && contains(free, jump.target + 23), "the target is free");
    require(jump.length == 2 && jump.borrowed == 4 && jump.padding == 3, "what is written where");
    require(jump.bytes[2] == 0xc3, "the return stays");
    std::copy_n(jump.bytes.begin(), jump.length + jump.borrowed, code.begin());
    const rr::DecodedInstruction decoded = rr::decodeInstruction(code);
    require(decoded && decoded.instruction.length == 6 && rr::branchTarget(decoded.instruction, site) == jump.target,
            "it goes to the target");
    const uint64_t away = jump.target > site ? jump.target - site : site - jump.target;
    require(away < 0x200000, "the target is as near as can be");
    code[2] = 0x5d;
    require(rr::planPaddedJump(site, 2, code, free, 24, site).error == rr::JumpError::noFreeTarget, "no return");
  }
}

void checkRefusals() {
  const uint8_t code[16] = {};
  const std::vector<rr::AddressRange> free = {{0x10000, 0x20000}};
  require(rr::planJump(0x30000, 0, code, free, 16, 0).error == rr::JumpError::badLength, "length 0");
  require(rr::planJump(0x30000, 16, code, free, 16, 0).error == rr::JumpError::badLength, "length 16");
  require(rr::planJump(0x30000, 2, {code, 3}, free, 16, 0).error == rr::JumpError::truncated, "too few bytes");
  require(rr::planJump(0x7f0000000000, 5, code, free, 16, 0).error == rr::JumpError::noFreeTarget, "all out of reach");
  // Three bytes of zero borrowed: no target but the 256 bytes behind the site.
  require(rr::jumpForms(0x30000, 2, code).size() == 2 && rr::jumpForms(0x30000, 2, code)[0].first == 0x30005 &&
              rr::jumpForms(0x30000, 2, code)[0].last == 0x30104,
          "the forms of a two-byte instruction");
  require(!rr::findRoomNear(free, uint64_t{1} << 40, 0x1000), "nothing free within 2 GB");
  require(rr::findRoomNear(free, 0x40000000, 0x1000) == 0x1f000u, "the page nearest to the site");
}

}  // namespace

int main() {
  uint64_t jumps = 0, impossible = 0;
  checkRanges();
  checkJumps(jumps, impossible);
  checkPadded();
  checkRefusals();
  printf("%" PRIu64 " jumps, %" PRIu64 " impossible\n", jumps, impossible);
  return jumps > impossible ? 0 : 1;
}
