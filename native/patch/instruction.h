// Decodes one x86-64 instruction (64-bit mode): where it ends, where its operands lie, and what it does to control
// flow.
//
// For moving and patching code, not for printing it: no operand is named. Encodings that this file does not know are
// refused, never guessed: a wrong length would tear an instruction apart. Legacy, VEX, EVEX and XOP encodings are
// known; 3DNow!, APX (REX2) and the VIA instructions are not. A mandatory prefix that makes an SSE opcode undefined is
// not noticed: the length is right all the same, and the processor refuses it wherever it is executed. Sources: Intel
// SDM volume 2, appendix A (opcode maps); AMD APM volume 3, appendix A.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace rr {

inline constexpr size_t kLongestInstruction = 15;  // bytes; the processor refuses longer ones

enum class DecodeError : uint8_t {
  none,
  truncated,  // the bytes end before the instruction does
  undefined,  // no instruction, or one that this decoder does not know
  tooLong,    // more than 15 bytes, by its prefixes
  ambiguous,  // a near branch with an operand-size prefix: Intel and AMD disagree on its length or its target
};

enum class InstructionKind : uint8_t {
  plain,              // whatever is not one of the following
  relativeJump,       // jmp rel8, rel32
  conditionalJump,    // jcc rel8, rel32
  loop,               // loop, loope, loopne, jrcxz, jecxz: rel8 only
  relativeCall,       // call rel32
  indirectJump,       // near, by register or memory
  indirectCall,       // near, by register or memory
  nearReturn,         // ret, ret imm16
  farBranch,          // far jmp, call, ret; iret; sysret, sysexit
  systemCall,         // syscall
  otherSystemCall,    // sysenter, int n
  breakpoint,         // int3, int1
  undefined,          // ud0, ud1, ud2; those for the kernel alone: mov to and from control and debug registers, ...
  pushFlags,          // pushfq
  popFlags,           // popfq
  repeatedString,     // a string instruction with rep, repe or repne
  readTimestamp,      // rdtsc
  readTimestampAux,   // rdtscp
  readProcessorId,    // rdpid
  processorIdentity,  // cpuid
  readExtendedState,  // xgetbv
  beginTransaction,   // xbegin rel32
};

enum class OpcodeMap : uint8_t { primary, x0f, x0f38, x0f3a, evex5, evex6, xop8, xop9, xopA };

enum class InstructionEncoding : uint8_t { legacy, vex, evex, xop };

struct Instruction {
  uint8_t length = 0;  // bytes, 1..15
  InstructionKind kind = InstructionKind::plain;
  InstructionEncoding encoding = InstructionEncoding::legacy;
  OpcodeMap map = OpcodeMap::primary;

  bool operandSizePrefix = false;  // 0x66
  bool addressSizePrefix = false;  // 0x67: addresses have 32 bits
  bool lockPrefix = false;         // 0xf0
  uint8_t repeatPrefix = 0;        // 0xf2 or 0xf3, the last one; 0: neither
  uint8_t segmentPrefix = 0;       // 0x64 (fs) or 0x65 (gs), the last one; 0: neither
  uint8_t rex = 0;                 // the REX prefix that counts (the byte right before the opcode), or 0

  uint8_t opcode = 0;
  uint8_t opcodeOffset = 0;  // of the opcode byte behind prefixes and escapes

  bool hasModrm = false;
  uint8_t modrmOffset = 0;
  uint8_t mod = 0;       // 3: a register operand
  uint8_t reg = 0;       // 0..15, with the prefix's extension bit (EVEX's fifth bit left out)
  uint8_t rm = 0;        // 0..15, likewise; the base register when hasSib is false and mod is not 3
  bool hasSib = false;   // then base, index and scale say what the address is made of
  uint8_t base = 0;      // 0..15; meaningless when hasBase is false
  bool hasBase = false;  // a general register is part of the address
  uint8_t index = 0;     // 0..15; 4: none (but a vector register with VSIB addressing)
  uint8_t scale = 1;     // 1, 2, 4, 8

  // Displacement of a memory operand (also the absolute address of `mov al, moffs`). With EVEX a one-byte displacement
  // counts in units of the operand size; it is given as encoded.
  uint8_t displacementOffset = 0;
  uint8_t displacementSize = 0;  // 0, 1, 4 or 8 bytes
  int64_t displacement = 0;      // sign-extended
  bool ripRelative = false;      // the displacement counts from the end of the instruction

  // Immediates, or the distance of a relative branch. `enter` has 2 + 1 bytes here: one field of size 3.
  uint8_t immediateOffset = 0;
  uint8_t immediateSize = 0;  // 0, 1, 2, 3, 4 or 8 bytes
  int64_t immediate = 0;      // sign-extended

  // The instruction leaves its own address in the x87 state (FIP), where fnstenv and xsave find it.
  bool x87 = false;
};

struct DecodedInstruction {
  DecodeError error = DecodeError::undefined;
  Instruction instruction;  // meaningless unless error is none
  explicit operator bool() const noexcept { return error == DecodeError::none; }
};

// Decodes the instruction at the start of `code`. Never reads behind `code`, whatever it holds.
DecodedInstruction decodeInstruction(std::span<const uint8_t> code) noexcept;

// Where a relative branch (relativeJump, conditionalJump, loop, relativeCall, beginTransaction) at `address` goes when
// it is taken. Nothing for other kinds.
std::optional<uint64_t> branchTarget(const Instruction& instruction, uint64_t address) noexcept;

// Whether a constant of four bytes or more, or a distance as long, is part of it. A JIT compiler changes such a
// constant while its code runs (a call's target, a side exit, an object that has moved), or loads it, as data, from
// where it is written already (V8's constant pool).
bool holdsConstant(const Instruction& instruction) noexcept;

// The address that a rip-relative operand of the instruction at `address` names, segment base not added. Nothing for
// other operands.
std::optional<uint64_t> ripRelativeTarget(const Instruction& instruction, uint64_t address) noexcept;

const char* describe(DecodeError error) noexcept;

}  // namespace rr
