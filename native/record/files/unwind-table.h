// The unwind table of an ELF image (.eh_frame; Linux Standard Base, "Exception Frames"): which of its functions keep
// nothing on the stack.
#pragma once

#include <cstdint>
#include <span>

namespace rr {

// Changes the table's entries for the functions that begin at these offsets of the image, so that all of each is a
// function that leaves the stack pointer and the registers of its caller alone: a debugger, an exception and a
// profiler find the return address where such code has it. `frames` is the .eh_frame section in the image, which lies
// at `sectionOffset` of it. What is in no form that x86-64 compilers write stays as it is.
void describeAsFrameless(std::span<uint8_t> frames, uint64_t sectionOffset, std::span<const uint64_t> functions);

}  // namespace rr
