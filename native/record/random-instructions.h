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

namespace rr {

// What the second opcode byte of a replaced instruction is.
constexpr uint8_t kRandomTrapOpcode = 0x23;
// The same of rdtsc (0f 31), and the third byte of rdtscp (0f 01 f9).
constexpr uint8_t kRdtscTrapOpcode = 0x32;
constexpr uint8_t kRdtscpTrapByte = 0xf8;
// And of cpuid (0f a2): wbinvd.
constexpr uint8_t kCpuidTrapOpcode = 0x09;

// A byte of machine code that is to be another.
struct ReplacedByte {
  uint64_t offset;
  uint8_t value;
};

// What makes all rdrand and rdseed in machine code trap, ascending. The bytes alone are not enough, as they may be part
// of another instruction or data: what is decoded from before must arrive at it, and what follows must look at the
// carry flag, which tells whether there was a number.
std::vector<ReplacedByte> findRandomInstructions(std::span<const uint8_t> code);

// The same for rdtsc, rdtscp and cpuid, whose results must be looked at soon. A hypervisor that does not make rdtsc
// trap does not see cpuid either: what it tells, the APIC id above all, is the host processor's on which the guest
// happens to run, another one after a while.
std::vector<ReplacedByte> findTimeInstructions(std::span<const uint8_t> code);

// What is to be replaced in a part of an open file, remembered by the file's identity (stat(2)).
class RandomInstructions {
 public:
  // `withTime`: rdtsc, rdtscp and cpuid too; the same in each call.
  const std::vector<ReplacedByte>& inFile(int descriptor, uint64_t offset, uint64_t length, bool withTime);

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
