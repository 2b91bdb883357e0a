#include "patch/flag-use.h"

#include "patch/instruction.h"

namespace rr {

namespace {

constexpr int kMostInstructions = 8;

enum class FlagEffect : uint8_t { overwrites, keeps, other };

// What and, or, xor and test do to AF is left to the processor (Intel SDM volume 2); all that we know clear it. One
// that kept it would need the flags of before.
bool logicDefinesAllFlags() noexcept {
  static const bool defines = [] {
    uint64_t results[2];
    for (uint64_t carry = 0; carry < 2; carry++) {
      uint64_t flags;
      // 15 + 1 sets AF, 1 + 1 does not.
      uint8_t value = carry ? 15 : 1;
      asm volatile(
          "add $1, %1\n\t"
          "mov $5, %%edx\n\t"
          "and $4, %%edx\n\t"
          "pushfq\n\tpop %0"
          : "=&r"(flags), "+q"(value)
          :
          : "rdx", "cc");
      results[carry] = flags & 0x10;
    }
    return results[0] == results[1];
  }();
  return defines;
}

// Of the eight operations that share their encodings: add, or, adc, sbb, and, sub, xor, cmp.
FlagEffect arithmeticEffect(unsigned operation) noexcept {
  switch (operation) {
    case 0:
    case 5:
    case 7:
      return FlagEffect::overwrites;
    case 1:
    case 4:
    case 6:
      return logicDefinesAllFlags() ? FlagEffect::overwrites : FlagEffect::other;
    default:
      return FlagEffect::other;  // reads CF
  }
}

FlagEffect primaryEffect(const Instruction& instruction) noexcept {
  const uint8_t opcode = instruction.opcode;
  if (opcode < 0x40 && (opcode & 7) < 6) return arithmeticEffect(opcode >> 3);
  switch (opcode) {
    case 0x80:
    case 0x81:
    case 0x83:
      return arithmeticEffect(instruction.reg & 7);
    case 0x84:
    case 0x85:
    case 0xa8:
    case 0xa9:  // test
      return arithmeticEffect(4);
    case 0xf6:
    case 0xf7:
      if ((instruction.reg & 7) < 2) return arithmeticEffect(4);                  // test
      if ((instruction.reg & 7) == 3) return FlagEffect::overwrites;              // neg
      return (instruction.reg & 7) == 2 ? FlagEffect::keeps : FlagEffect::other;  // not
    case 0x63:                                                                    // movsxd
    case 0x88:
    case 0x89:
    case 0x8a:
    case 0x8b:  // mov
    case 0x8d:  // lea
    case 0x98:
    case 0x99:  // cdqe, cqo and the like
      return FlagEffect::keeps;
    case 0xc6:
    case 0xc7:  // mov; xbegin is another
      return instruction.kind == InstructionKind::plain && (instruction.reg & 7) == 0 ? FlagEffect::keeps
                                                                                      : FlagEffect::other;
    default:
      // push and pop; nop and xchg; mov of a constant
      if ((opcode >= 0x50 && opcode < 0x60) || (opcode >= 0x90 && opcode < 0x98) || (opcode >= 0xb0 && opcode < 0xc0)) {
        return FlagEffect::keeps;
      }
      return FlagEffect::other;
  }
}

// Opcodes behind 0f, of the legacy and the VEX encoding alike.
FlagEffect secondaryEffect(const Instruction& instruction) noexcept {
  const uint8_t opcode = instruction.opcode;
  if (opcode == 0x2e || opcode == 0x2f) return FlagEffect::overwrites;  // ucomis, comis
  const bool vectors = (opcode >= 0x10 && opcode < 0x18) || opcode == 0x28 || opcode == 0x29 ||
                       (opcode >= 0x51 && opcode < 0x78) || opcode == 0x7e || opcode == 0x7f ||
                       (opcode >= 0xd0 && opcode < 0xff);
  if (vectors) return FlagEffect::keeps;
  if (instruction.encoding != InstructionEncoding::legacy) return FlagEffect::other;
  const bool moves = opcode == 0x1f || opcode == 0xb6 || opcode == 0xb7 || opcode == 0xbe || opcode == 0xbf;
  return moves ? FlagEffect::keeps : FlagEffect::other;
}

FlagEffect effectOf(const Instruction& instruction) noexcept {
  if (instruction.kind != InstructionKind::plain || instruction.lockPrefix) return FlagEffect::other;
  const bool legacy = instruction.encoding == InstructionEncoding::legacy;
  if (legacy && instruction.map == OpcodeMap::primary) return primaryEffect(instruction);
  if ((legacy || instruction.encoding == InstructionEncoding::vex) && instruction.map == OpcodeMap::x0f) {
    return secondaryEffect(instruction);
  }
  return FlagEffect::other;
}

}  // namespace

bool overwritesStatusFlags(std::span<const uint8_t> code) noexcept {
  for (int i = 0; i < kMostInstructions; i++) {
    const DecodedInstruction decoded = decodeInstruction(code);
    if (!decoded) return false;
    const FlagEffect effect = effectOf(decoded.instruction);
    if (effect != FlagEffect::keeps) return effect == FlagEffect::overwrites;
    code = code.subspan(decoded.instruction.length);
  }
  return false;
}

}  // namespace rr
