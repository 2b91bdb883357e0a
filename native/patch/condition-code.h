// Writes a breakpoint's condition as machine code into a stub, from the bytecode in which gdb sends it (its manual,
// "The GDB Agent Expression Mechanism"): a stack machine of 64-bit integers.
// engine/debug/breakpoints/agent-expression.ts evaluates the same, and says what each operation gives.
//
// The top of the stack is in rax, what is below lies in memory of ours; rcx and rdx are changed. A jump leads forwards
// alone, so that the code ends. A fault in it, or a division by zero, is to be judged by who evaluates the bytecode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "patch/code-writer.h"

namespace rr {

// Values below the top.
inline constexpr size_t kConditionDepth = 16;

// Where the program's registers are while a condition is computed; all others are as the program has them.
struct ConditionPlaces {
  Operand rax, rcx, rdx;
  uint64_t stackAddress = 0;  // kConditionDepth words
  uint64_t site = 0;          // the program's rip
};

// Writes code that leaves the value in rax; status flags change. False where it cannot be written: nothing is of use
// then.
bool writeCondition(CodeWriter& writer, std::span<const uint8_t> bytecode, const ConditionPlaces& places);

}  // namespace rr
