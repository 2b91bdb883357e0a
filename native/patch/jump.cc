#include "patch/jump.h"

#include <algorithm>
#include <cstring>

#include "patch/instruction.h"

namespace rr {

namespace {

constexpr uint8_t kDistanceSize = 4;              // of jmp rel32, bytes
constexpr uint8_t kJumpSize = 1 + kDistanceSize;  // bytes
constexpr uint8_t kJumpOpcode = 0xe9;             // jmp rel32
constexpr uint8_t kPrefix = 0x2e;                 // cs: without meaning in 64-bit mode
constexpr uint8_t kReturn = 0xc3;
constexpr uint8_t kBreakpoint = 0xcc;
constexpr uint64_t kFunctionAlignment = 16;            // what compilers pad to, bytes
constexpr uint8_t kChosenPadding = kDistanceSize - 1;  // of the distance: all but its lowest byte

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

// An instruction of two bytes or more that does nothing: xchg %ax, %ax with its operand-size prefix, or 0f 1f
// (Intel SDM volume 2, NOP).
bool isLongNop(const Instruction& instruction) noexcept {
  if (instruction.encoding != InstructionEncoding::legacy) return false;
  if (instruction.map == OpcodeMap::x0f) return instruction.opcode == 0x1f && instruction.reg == 0;
  return instruction.map == OpcodeMap::primary && instruction.opcode == 0x90 && instruction.operandSizePrefix &&
         instruction.repeatPrefix == 0 && instruction.rex == 0;
}

// Bytes of padding from `code` on, which lies at `address`, if it is what compilers put between functions: instructions
// of two bytes or more that do nothing, or breakpoints, to the next multiple of 16. Otherwise 0. A `nop` of one byte
// does not count: functions may begin with them, to be patched (-fpatchable-function-entry of GCC).
size_t paddingAt(uint64_t address, std::span<const uint8_t> code) {
  const size_t end = (kFunctionAlignment - address % kFunctionAlignment) % kFunctionAlignment;
  if (end == 0 || end > code.size()) return 0;
  size_t at = 0;
  while (at < end) {
    if (code[at] == kBreakpoint) {
      at++;
      continue;
    }
    const DecodedInstruction decoded = decodeInstruction(code.subspan(at));
    if (!decoded || !isLongNop(decoded.instruction)) return 0;
    at += decoded.instruction.length;
  }
  return at == end ? end : 0;
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
  if (length == 0 || length > kLongestInstruction) return {.error = JumpError::badLength, .jump = {}};
  if (code.size() < std::max<size_t>(length, kJumpSize)) return {.error = JumpError::truncated, .jump = {}};
  for (const JumpForm& form : jumpForms(site, length, code)) {
    for (const uint64_t multiple : {alignment, uint64_t{1}}) {
      if (const auto target = findRoom(free, wanted, form.first, form.last, size, multiple))
        return {.error = JumpError::none, .jump = encode(site, length, form, *target)};
    }
  }
  return {.error = JumpError::noFreeTarget, .jump = {}};
}

JumpPlan planPaddedJump(uint64_t site, uint8_t length, std::span<const uint8_t> code,
                        std::span<const AddressRange> free, uint64_t size, uint64_t wanted) {
  if (length == 0 || length > kDistanceSize) return {.error = JumpError::badLength, .jump = {}};
  const JumpForm form{static_cast<uint8_t>(length - 1), kDistanceSize, 0, 0};
  const size_t behind = length + 1u;
  if (code.size() < behind + kChosenPadding) return {.error = JumpError::truncated, .jump = {}};
  if (code[length] != kReturn || paddingAt(site + behind, code.subspan(behind)) < kChosenPadding)
    return {.error = JumpError::noFreeTarget, .jump = {}};
  constexpr uint64_t kStep = 1 << 8;
  constexpr uint64_t kReach = uint64_t{1} << 31;
  const uint64_t end = site + form.prefixes + kJumpSize;
  const uint64_t first = std::max(end > kReach ? end - kReach : 0, kLowestMappable);
  const uint64_t last = std::min(end + kReach, kUserSpaceEnd) - 1;
  const auto target = findRoom(free, wanted, first, last, size, kStep, (end + kReturn) % kStep);
  if (!target) return {.error = JumpError::noFreeTarget, .jump = {}};
  Jump jump = encode(site, length, form, *target);
  jump.padding = kChosenPadding;
  return {.error = JumpError::none, .jump = jump};
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
