// Copies instructions to another address so that they do there what they did.
//
// - A rip-relative operand gets a new displacement; refused when that needs more than 32 bits.
// - A relative jump, of 8 or 32 bits, becomes one of 32 bits to the same target, or goes through an address in the code
//   when that is farther than 2 GB. loop and jrcxz, which have 8 bits only, jump over a jump.
// - A call pushes the return address of the original and jumps: two instructions, and the return that matches it is
//   mispredicted (9 ns where a call costs 1). Refused unless asked for.
// - syscall (it leaves rip in rcx), int, int3, ud, xbegin, far branches and iret are refused.
//
// What still shows where the copy is: the address of a fault in it (boundary.h says what it stands for), and the x87
// instruction pointer (Instruction::x87).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/boundary.h"
#include "patch/code-writer.h"
#include "patch/copy-instruction.h"
#include "patch/instruction.h"

namespace rr {

struct RelocationOptions {
  bool allowCalls = false;
  // The first instruction's address stays a way in (a jump to the copy stands there): branches within the range that go
  // to it keep it as their target. Otherwise they go to the copy.
  bool entryStays = true;
};

struct Relocation {
  RelocationError error = RelocationError::none;
  DecodeError decodeError = DecodeError::none;
  uint64_t at = 0;      // address of the instruction that failed, or the first one
  uint8_t covered = 0;  // original bytes that were copied: whole instructions
  // Where control goes behind the copy: the original's successor. Nothing when it never gets there (jmp, ret, call).
  std::optional<uint64_t> continuesAt = std::nullopt;
};

// Copies whole instructions of `code`, which lie at `from`, until `atLeast` bytes (1..15) are covered, to where
// `writer` stands. Nothing is written on an error. Boundaries get the program's addresses, and `passCounted` ends with
// the execution of the first instruction; the writer's other state stays as it is. No jump is put behind the copy: see
// continuesAt.
Relocation relocateInto(CodeWriter& writer, std::span<const uint8_t> code, uint64_t from, size_t atLeast,
                        const RelocationOptions& options);

struct RelocatedCode {
  Relocation result;
  std::vector<uint8_t> code;
  // Old addresses by new offsets, for the fix-up of rip after a stop: the program's address and stack adjustment.
  std::vector<CodeBoundary> boundaries;
};

// The same to the address `to`, with a jump to continuesAt behind it.
RelocatedCode relocate(std::span<const uint8_t> code, uint64_t from, size_t atLeast, uint64_t to,
                       const RelocationOptions& options);

// The offset in the copy that stands for the original instruction at `address`, so that a task which stands there can
// be moved; nothing when no copied instruction starts there.
std::optional<uint32_t> copyOf(const RelocatedCode& code, uint64_t address) noexcept;

const char* describe(RelocationError error) noexcept;

}  // namespace rr
