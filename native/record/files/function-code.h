// Which bytes of an ELF file are an instruction, for sure.
//
// The bytes alone do not tell: the same stand in constants of other instructions, in tables between functions, and in
// whatever else lies in a segment that may be executed; and decoding from anywhere falls into step with real code and
// with constants alike. So an instruction is sure only in a function whose first byte and length the file itself tells:
// by its unwind table (.eh_frame) or its symbols. Its code, decoded from the first byte on, must end with the last one,
// hold nothing that no program executes, and no jump of it may lead into the midst of an instruction. What no jump
// leads to is sure only where the function goes on by a jump table, or after an exception.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/instruction.h"

namespace rr {

struct CertainInstruction {
  uint64_t offset;  // in the file
  Instruction instruction;
  bool reached = false;  // by the function's jumps, and by returns of what it calls, from its first instruction
};

// For each of `places`, offsets in the file that `descriptor` has open, ascending: the instruction that the byte there
// is a part of. Nothing where that is not sure, as in a file that is no ELF file, or says nothing of its functions.
std::vector<std::optional<CertainInstruction>> certainInstructions(int descriptor, std::span<const uint64_t> places);

}  // namespace rr
