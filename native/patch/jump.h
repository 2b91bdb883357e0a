// Turns an instruction of any length into a jump, by changing no byte but its own.
//
// Five bytes or more become `jmp rel32`. A shorter instruction becomes one whose last bytes are those that follow it in
// the program ("punning"): they are the high bytes of the distance, so the target can only be chosen within 16 MB,
// 64 KB or 256 bytes, or not at all. Prefixes without meaning in front of the jump move the borrowed bytes, which gives
// other targets to try. The caller maps code at the target.
//
// Since nothing but the instruction changes, nothing need be known of what jumps where. But the jump depends on the
// bytes that it borrows: they must stay as they are while it stands (see Jump::borrowed).
//
// A return behind the instruction, and padding behind that, lead nowhere with what they happen to be: 0f 1f 84 means
// half a gigabyte upwards, where a library near the stack has no memory above it. Nobody executes the padding, so that
// planPaddedJump chooses its bytes, too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/free-space.h"

namespace rr {

// Where one form of the jump can go: targets first to last, both included.
struct JumpForm {
  uint8_t prefixes = 0;  // bytes without meaning before the opcode
  uint8_t borrowed = 0;  // bytes of the distance that are the program's
  uint64_t first = 0;
  uint64_t last = 0;
};

struct Jump {
  std::array<uint8_t, 8> bytes{};  // to be written to the site
  uint8_t length = 0;              // how many: at most 5, and at most the instruction has
  uint8_t borrowed = 0;            // bytes behind the instruction that are part of the jump too: 0 to 4
  uint8_t padding = 0;             // the last so many of these are to be written, too: see planPaddedJump
  uint64_t target = 0;

  // How many of the bytes are to be written, from the site on; with padding, also the `ret` before it, as it is.
  size_t written() const { return padding == 0 ? length : length + size_t{borrowed}; }
};

enum class JumpError : uint8_t {
  none,
  badLength,     // the instruction's length is not 1..15
  truncated,     // the bytes behind the instruction that the jump needs were not given
  noFreeTarget,  // all forms lead to memory that is taken or cannot be mapped
};

struct JumpPlan {
  JumpError error = JumpError::none;
  Jump jump;
};

// All forms of a jump for the instruction of `length` bytes at `site`, those with most targets first. `code` holds the
// program's bytes from `site` on: the instruction and at least 4 bytes behind it if it is shorter than 5 (as many as
// are there: forms that need more are left out). Targets that no program can map are left out.
std::vector<JumpForm> jumpForms(uint64_t site, uint8_t length, std::span<const uint8_t> code);

// Chooses a target so that `size` bytes from it on lie within one of `free`, as near as can be to `wanted` (the site
// itself, or code that is mapped already and has room) and a multiple of `alignment` where the form lets it; forms with
// less borrowed bytes come first.
JumpPlan planJump(uint64_t site, uint8_t length, std::span<const uint8_t> code, std::span<const AddressRange> free,
                  uint64_t size, uint64_t wanted, uint64_t alignment = 16);

// As planJump, for an instruction with a `ret` and at least three bytes of compilers' padding behind it. All but the
// lowest byte of the distance can be chosen; that one is the `ret`, which stays what it is. `code` should hold what is
// there to the next multiple of 16.
JumpPlan planPaddedJump(uint64_t site, uint8_t length, std::span<const uint8_t> code,
                        std::span<const AddressRange> free, uint64_t size, uint64_t wanted);

// The jump to a given target; nothing when no form reaches it.
std::optional<Jump> jumpTo(uint64_t site, uint8_t length, std::span<const uint8_t> code, uint64_t target);

const char* describe(JumpError error) noexcept;

}  // namespace rr
