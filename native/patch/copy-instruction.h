// Copies one instruction to another address so that it does there what it did (relocate.h tells how, and what cannot be
// moved).
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "patch/code-writer.h"
#include "patch/instruction.h"

namespace rr {

enum class RelocationError : uint8_t {
  none,
  undecodable,          // see decodeError
  notMovable,           // syscall, int, int3, ud, xbegin, far branches, 32-bit rip-relative addresses
  call,                 // a call, and options do not allow it
  callOperand,          // an indirect call whose operand is rsp, or lies where the return address goes
  callBeforeEnd,        // a call that is not the last instruction: it would return into bytes that are overwritten
  outOfReach,           // an operand or the jump back is more than 2 GB away
  endsEarly,            // control never reaches the byte count asked for: jmp, ret
  jumpIntoInstruction,  // a branch within the range goes to what is not the start of an instruction
};

// A program's instruction, and its bytes from there on.
struct Original {
  Instruction instruction;
  uint64_t address;
  std::span<const uint8_t> bytes;

  uint64_t next() const noexcept { return address + instruction.length; }
};

bool isCall(InstructionKind kind) noexcept;

// Why the instruction cannot be copied to `to` or some hundred bytes from there; none when it can. A branch's target is
// not looked at.
RelocationError refusalOf(const Original& original, uint64_t to, bool allowCalls) noexcept;

// Writes the copy. Branches lead to what `destination` says of the program's address that they lead to. The boundaries
// of code that is executed when a branch has been taken have the target as the program's address.
void writeCopy(CodeWriter& writer, const Original& original, const std::function<uint64_t(uint64_t)>& destination);

}  // namespace rr
