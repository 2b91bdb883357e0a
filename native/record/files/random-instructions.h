// rdrand and rdseed give every run another number and cannot be made to trap. So they are replaced where a program maps
// them: in `0f c7 /6` and `0f c7 /7` one byte changes, which makes them `mov r, dr6` and `mov r, dr7` (`0f 23`). Those
// are for the kernel alone, fault in user mode with SIGSEGV (Intel SDM volume 2, MOV to debug registers), have the same
// length, prefixes and register, and stand in no program.
//
// On some virtual machines (PVM) PR_SET_TSC succeeds, and rdtsc does not trap. There rdtsc and rdtscp are replaced the
// same way, by rdmsr and swapgs.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "patch/instruction.h"
#include "record/files/linked-file.h"

namespace rr {

// What the second opcode byte of a replaced instruction is.
constexpr uint8_t kRandomTrapOpcode = 0x23;
// The same of rdtsc (0f 31), and the third byte of rdtscp (0f 01 f9).
constexpr uint8_t kRdtscTrapOpcode = 0x32;
constexpr uint8_t kRdtscpTrapByte = 0xf8;
// And of cpuid (0f a2): wbinvd.
constexpr uint8_t kCpuidTrapOpcode = 0x09;

// What the byte was that has become one of these.
constexpr uint8_t replacedBy(uint8_t trap) {
  return trap == kRandomTrapOpcode ? 0xc7 : trap == kRdtscTrapOpcode ? 0x31 : trap == kRdtscpTrapByte ? 0xf9 : 0xa2;
}

// A byte of machine code that is to be another.
struct ReplacedByte {
  uint64_t offset;
  uint8_t value;
};

// What else is to trap.
struct OtherInstructions {
  bool time;      // rdtsc and rdtscp
  bool identity;  // cpuid, which tells the number of the processor (the APIC id)
};

// What makes rdrand and rdseed trap in `length` bytes of an open file, from `offset` on (whole pages): ascending,
// relative to `offset`. Of bytes that look like such an instruction, those that are one for sure (function-code.h): a
// byte of anything else is the program's data, or makes it do something else. Where a jump table or a handler of
// exceptions alone could lead there, what follows must use what it gives, too.
std::vector<ReplacedByte> findRandomInstructions(int descriptor, uint64_t offset, uint64_t length,
                                                 OtherInstructions others);

// The same, remembered by the file's identity (stat(2)).
class RandomInstructions {
 public:
  // Opens the file where they are not known. `others`: the same in each call.
  const std::vector<ReplacedByte>& inFile(LinkedFile& file, uint64_t offset, uint64_t length, OtherInstructions others);

 private:
  // Device, inode, size, time of change (ns), offset, length.
  using Part = std::tuple<uint64_t, uint64_t, int64_t, int64_t, uint64_t, uint64_t>;
  std::map<Part, std::vector<ReplacedByte>> known_;
};

bool isRandomTrap(const Instruction& instruction);

// Does what the replaced instruction was to do: a number of the kernel's for its register, the carry flag set, rip
// behind it. False when the kernel gave none.
bool emulateRandom(const Instruction& instruction, user_regs_struct& registers);

}  // namespace rr
