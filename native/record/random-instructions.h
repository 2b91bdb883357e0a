// rdrand and rdseed give every run another number and cannot be made to trap. So they are replaced where a program maps
// them: in `0f c7 /6` and `0f c7 /7` one byte changes, which makes them `mov r, dr6` and `mov r, dr7` (`0f 23`). Those
// are for the kernel alone, fault in user mode with SIGSEGV (Intel SDM volume 2, MOV to debug registers), have the same
// length, prefixes and register, and stand in no program.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "patch/instruction.h"

namespace rr {

// What the second opcode byte of a replaced instruction is.
constexpr uint8_t kRandomTrapOpcode = 0x23;

// Offsets, ascending, of the opcode bytes (0xc7) of all rdrand and rdseed in machine code. The bytes alone are not
// enough, as they may be part of another instruction or data: what is decoded from before must arrive at it, and what
// follows must look at the carry flag, which tells whether there was a number.
std::vector<uint64_t> findRandomInstructions(std::span<const uint8_t> code);

// The same for a part of an open file, remembered by the file's identity (stat(2)).
class RandomInstructions {
 public:
  const std::vector<uint64_t>& inFile(int descriptor, uint64_t offset, uint64_t length);

 private:
  // Device, inode, size, time of change (ns), offset, length.
  using Part = std::tuple<uint64_t, uint64_t, int64_t, int64_t, uint64_t, uint64_t>;
  std::map<Part, std::vector<uint64_t>> known_;
};

bool isRandomTrap(const Instruction& instruction);

// Does what the replaced instruction was to do: a number of the kernel's for its register, the carry flag set, rip
// behind it. False when the kernel gave none.
bool emulateRandom(const Instruction& instruction, user_regs_struct& registers);

}  // namespace rr
