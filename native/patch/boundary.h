// What the program's state is while a task stands between two instructions of code of ours.
#pragma once

#include <cstdint>
#include <span>

namespace rr {

// One instruction boundary of our code. Registers that are not named here hold what the program left in them.
struct CodeBoundary {
  uint32_t offset = 0;          // of the instruction, bytes from the start of the code
  uint64_t programAddress = 0;  // the rip that the program would have in its own code
  int8_t stackAdjustment = 0;   // add this to rsp, bytes
  // The program's value is in the data page (matcher-stub.h), the register holds one of ours.
  bool rcxSaved = false;
  bool raxSaved = false;
  bool rdxSaved = false;
  bool flagsSaved = false;  // the status flags
  // The instruction is one of ours that compares, and not a copy or a way to one.
  bool comparing = false;
  // The stub's counter has been stepped for this pass, and the program is still before the instruction: who sends it
  // back to programAddress must take the step back.
  bool passCounted = false;
};

// The boundary at `offset`; null when no instruction starts there. `boundaries` is in ascending order of offsets.
const CodeBoundary* findBoundary(std::span<const CodeBoundary> boundaries, uint64_t offset) noexcept;

}  // namespace rr
