// Reads the unwind table of an ELF image (.eh_frame; Linux Standard Base, "Exception Frames"): which functions there
// are, and where the rules for each lie.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

namespace rr {

// A function that the table tells of.
struct FunctionFrame {
  uint64_t begin;   // address
  uint64_t length;  // bytes
  // The rules for it alone, in the table.
  uint64_t rulesOffset;
  uint64_t rulesLength;
  // It says where the program goes on after an exception: at places that no jump leads to.
  bool hasHandlers;
  // It shares rules that are of the form that compilers write for x86-64: the return address lies at the stack pointer
  // as the function begins.
  bool isUsual;
};

// Each function of the table `frames`, which lies at `address`. What is in no form known here is left out.
void forEachFunction(std::span<const uint8_t> frames, uint64_t address,
                     const std::function<void(const FunctionFrame&)>& visit);

}  // namespace rr
