#include "patch/jump.h"

#include <algorithm>
#include <cstring>

namespace rr {

namespace {

constexpr uint8_t kDistanceSize = 4;              // of jmp rel32, bytes
constexpr uint8_t kJumpSize = 1 + kDistanceSize;  // bytes
constexpr uint8_t kJumpOpcode = 0xe9;             // jmp rel32
constexpr uint8_t kPrefix = 0x2e;                 // cs: without meaning in 64-bit mode
constexpr uint8_t kLongest = 15;                  // bytes of an instruction

// The bytes of the distance that lie behind the instruction, at its high end.
unsigned borrowedBytes(uint8_t length, uint8_t prefixes) noexcept {
  const unsigned end = prefixes + kJumpSize;
  return end > length ? end - length : 0;
}

Jump encode(uint64_t site, uint8_t length, const JumpForm& form, uint64_t target) noexcept {
  Jump jump;
  const auto distance = static_cast<uint32_t>(target - (site + form.prefixes + kJumpSize));
  std::fill_n(jump.bytes.begin(), form.prefixes, kPrefix);
  jump.bytes[form.prefixes] = kJumpOpcode;
  memcpy(&jump.bytes[form.prefixes + 1u], &distance, sizeof distance);
  jump.length = static_cast<uint8_t>(std::min<unsigned>(form.prefixes + kJumpSize, length));
  jump.borrowed = form.borrowed;
  jump.target = target;
  return jump;
}

}  // namespace

std::vector<JumpForm> jumpForms(uint64_t site, uint8_t length, std::span<const uint8_t> code) {
  std::vector<JumpForm> forms;
  // More prefixes than leave all of the distance free gain nothing.
  for (uint8_t prefixes = 0; prefixes < length && prefixes < kDistanceSize; prefixes++) {
    const unsigned borrowed = borrowedBytes(length, prefixes);
    if (length >= kJumpSize && prefixes > 0) break;
    if (code.size() < length + borrowed) break;
    const unsigned chosenBits = 8 * (kDistanceSize - borrowed);
    uint32_t distance = 0;  // with the bits that can be chosen clear
    memcpy(reinterpret_cast<uint8_t*>(&distance) + kDistanceSize - borrowed, code.data() + length, borrowed);
    int64_t lowest = static_cast<int32_t>(distance);
    int64_t highest = lowest | static_cast<int64_t>((uint64_t{1} << chosenBits) - 1);
    if (borrowed == 0) {
      lowest = INT32_MIN;
      highest = INT32_MAX;
    }
    const auto end = static_cast<int64_t>(site + prefixes + kJumpSize);
    const int64_t first = std::max(end + lowest, static_cast<int64_t>(kLowestMappable));
    const int64_t last = std::min(end + highest, static_cast<int64_t>(kUserSpaceEnd) - 1);
    if (first > last) continue;
    forms.push_back(
        {prefixes, static_cast<uint8_t>(borrowed), static_cast<uint64_t>(first), static_cast<uint64_t>(last)});
  }
  return forms;
}

JumpPlan planJump(uint64_t site, uint8_t length, std::span<const uint8_t> code, std::span<const AddressRange> free,
                  uint64_t size, uint64_t wanted, uint64_t alignment) {
  if (length == 0 || length > kLongest) return {.error = JumpError::badLength, .jump = {}};
  if (code.size() < std::max<size_t>(length, kJumpSize)) return {.error = JumpError::truncated, .jump = {}};
  for (const JumpForm& form : jumpForms(site, length, code)) {
    for (const uint64_t multiple : {alignment, uint64_t{1}}) {
      if (const auto target = findRoom(free, wanted, form.first, form.last, size, multiple))
        return {.error = JumpError::none, .jump = encode(site, length, form, *target)};
    }
  }
  return {.error = JumpError::noFreeTarget, .jump = {}};
}

std::optional<Jump> jumpTo(uint64_t site, uint8_t length, std::span<const uint8_t> code, uint64_t target) {
  for (const JumpForm& form : jumpForms(site, length, code))
    if (target >= form.first && target <= form.last) return encode(site, length, form, target);
  return std::nullopt;
}

const char* describe(JumpError error) noexcept {
  switch (error) {
    case JumpError::none:
      return "planned";
    case JumpError::badLength:
      return "an instruction's length is 1 to 15 bytes";
    case JumpError::truncated:
      return "the bytes behind the instruction are missing";
    case JumpError::noFreeTarget:
      return "every target that the bytes behind the instruction allow is taken";
  }
  return "an unknown error";
}

}  // namespace rr
