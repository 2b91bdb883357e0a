#include "patch/flag-use.h"

#include "patch/instruction.h"
#include "patch/registers.h"

namespace rr {

namespace {

constexpr uint16_t kCarry = 1, kParity = 4, kAdjust = 0x10, kZero = 0x40, kSign = 0x80, kOverflow = 0x800;
constexpr auto kAll = static_cast<uint16_t>(kStatusFlags);

struct FlagUse {
  uint16_t reads;
  uint16_t writes;  // always, whatever the operands are
};
constexpr FlagUse kUnknown = {kAll, 0};
constexpr FlagUse kNone = {0, 0};
constexpr FlagUse kWritesAll = {0, kAll};

// What and, or, xor and test do to AF is left to the processor (Intel SDM volume 2); all that we know clear it. One
// that kept it would need the flag of before.
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

FlagUse logicUse() noexcept { return {0, static_cast<uint16_t>(logicDefinesAllFlags() ? kAll : kAll & ~kAdjust)}; }

// Of the eight operations that share their encodings: add, or, adc, sbb, and, sub, xor, cmp.
FlagUse arithmeticUse(unsigned operation) noexcept {
  switch (operation) {
    case 0:
    case 5:
    case 7:
      return kWritesAll;
    case 1:
    case 4:
    case 6:
      return logicUse();
    default:
      return {kCarry, kAll};
  }
}

uint16_t readByCondition(unsigned condition) noexcept {
  switch (condition >> 1 & 7) {
    case 0:
      return kOverflow;
    case 1:
      return kCarry;
    case 2:
      return kZero;
    case 3:
      return kCarry | kZero;
    case 4:
      return kSign;
    case 5:
      return kParity;
    case 6:
      return kSign | kOverflow;
    default:
      return kSign | kOverflow | kZero;
  }
}

// Shifts by a constant; by zero they would leave all flags. AF is undefined afterwards, OF for more than one bit.
FlagUse shiftUse(const Instruction& instruction, unsigned count) noexcept {
  const unsigned operation = instruction.reg & 7;
  const unsigned bits = count & ((instruction.rex & 8) != 0 ? 63u : 31u);
  if (operation < 4) return kUnknown;  // rotations
  // More bits than an operand of 8 or 16 has leave CF undefined.
  if (bits == 0 || (instruction.opcode & 1) == 0 || instruction.operandSizePrefix) return kNone;
  constexpr uint16_t always = kCarry | kParity | kZero | kSign;
  return {0, static_cast<uint16_t>(bits == 1 ? always | kOverflow : always)};
}

FlagUse primaryUse(const Instruction& instruction) noexcept {
  const uint8_t opcode = instruction.opcode;
  const unsigned operation = instruction.reg & 7;
  if (opcode < 0x40 && (opcode & 7) < 6) return arithmeticUse(opcode >> 3);
  switch (opcode) {
    case 0x80:
    case 0x81:
    case 0x83:
      return arithmeticUse(operation);
    case 0x84:
    case 0x85:
    case 0xa8:
    case 0xa9:  // test
      return logicUse();
    case 0xc0:
    case 0xc1:
      return shiftUse(instruction, static_cast<unsigned>(instruction.immediate & 0xff));
    case 0xd0:
    case 0xd1:
      return shiftUse(instruction, 1);
    case 0x69:
    case 0x6b:  // imul: the others are undefined
      return {0, kCarry | kOverflow};
    case 0xd8:
    case 0xd9:
    case 0xdc:
    case 0xdd:
    case 0xde:  // x87
      return kNone;
    case 0xda:
    case 0xdb:
    case 0xdf:  // with registers: fcmov, fcomi
      return instruction.mod != 3 ? kNone : kUnknown;
    case 0xf6:
    case 0xf7:
      if (operation < 2) return logicUse();               // test
      if (operation == 2) return kNone;                   // not
      if (operation == 3) return kWritesAll;              // neg
      if (operation < 6) return {0, kCarry | kOverflow};  // mul, imul
      return kNone;                                       // div, idiv: undefined
    case 0xfe:
    case 0xff:
      if (operation < 2) return {0, static_cast<uint16_t>(kAll & ~kCarry)};  // inc, dec
      return operation == 6 && opcode == 0xff ? kNone : kUnknown;            // push
    case 0x63:                                                               // movsxd
    case 0x88:
    case 0x89:
    case 0x8a:
    case 0x8b:  // mov
    case 0x8d:  // lea
    case 0x98:
    case 0x99:  // cdqe, cqo and the like
    case 0x68:
    case 0x6a:  // push
      return kNone;
    case 0xc6:
    case 0xc7:  // mov; xbegin is another
      return operation == 0 ? kNone : kUnknown;
    default:
      // push and pop; nop and xchg; mov of a constant
      if ((opcode >= 0x50 && opcode < 0x60) || (opcode >= 0x90 && opcode < 0x98) || (opcode >= 0xb0 && opcode < 0xc0)) {
        return kNone;
      }
      return kUnknown;
  }
}

// Opcodes behind 0f, of the legacy and the VEX encoding alike.
FlagUse secondaryUse(const Instruction& instruction) noexcept {
  const uint8_t opcode = instruction.opcode;
  if (opcode == 0x2e || opcode == 0x2f) return kWritesAll;  // ucomis, comis
  const bool vectors = (opcode >= 0x10 && opcode < 0x18) || opcode == 0x28 || opcode == 0x29 ||
                       (opcode >= 0x51 && opcode < 0x78) || opcode == 0x7e || opcode == 0x7f ||
                       (opcode >= 0xd0 && opcode < 0xff);
  if (vectors) return kNone;
  if (instruction.encoding == InstructionEncoding::vex) {
    if (opcode == 0x98 || opcode == 0x99) return kWritesAll;  // kortest, ktest
    // Arithmetic and moves of mask registers.
    return (opcode > 0x40 && opcode < 0x4c) || (opcode >= 0x90 && opcode < 0x94) ? kNone : kUnknown;
  }
  if (opcode >= 0x40 && opcode < 0x50) return {readByCondition(opcode), 0};   // cmov
  if (opcode >= 0x90 && opcode < 0xa0) return {readByCondition(opcode), 0};   // set
  if (opcode == 0xaf) return {0, kCarry | kOverflow};                         // imul
  if (opcode == 0xb8 && instruction.repeatPrefix == 0xf3) return kWritesAll;  // popcnt
  // bt, bts, btr, btc: the others are kept or undefined.
  if (opcode == 0xa3 || opcode == 0xab || opcode == 0xb3 || opcode == 0xbb || opcode == 0xba) return {0, kCarry};
  if (opcode >= 0xc8 && opcode < 0xd0) return kNone;  // bswap
  const bool moves = opcode == 0x1f || opcode == 0xb6 || opcode == 0xb7 || opcode == 0xbe || opcode == 0xbf ||
                     (opcode == 0x1e && instruction.repeatPrefix == 0xf3) || opcode == 0x2a || opcode == 0x2c ||
                     opcode == 0x2d || opcode == 0xc6;
  return moves ? kNone : kUnknown;
}

// Opcodes behind 0f 38. From f0 on general registers are worked with.
FlagUse extendedUse(const Instruction& instruction) noexcept {
  if (instruction.encoding == InstructionEncoding::evex) return kNone;
  if (instruction.opcode == 0x17) return kWritesAll;                              // ptest
  if (instruction.opcode == 0x0e || instruction.opcode == 0x0f) return kUnknown;  // vtestps, vtestpd
  return instruction.opcode < 0xf0 ? kNone : kUnknown;
}

FlagUse plainUse(const Instruction& instruction) noexcept {
  const bool legacy = instruction.encoding == InstructionEncoding::legacy;
  if (legacy && instruction.map == OpcodeMap::primary) return primaryUse(instruction);
  if ((legacy || instruction.encoding == InstructionEncoding::vex) && instruction.map == OpcodeMap::x0f) {
    return secondaryUse(instruction);
  }
  if (instruction.map == OpcodeMap::x0f38) return extendedUse(instruction);
  if (instruction.encoding == InstructionEncoding::evex) {
    // 2e and 2f of the first map, which compare scalars, do write flags.
    if (instruction.map == OpcodeMap::x0f3a) return kNone;
    const bool vectors = instruction.map == OpcodeMap::x0f && instruction.opcode != 0x2e && instruction.opcode != 0x2f;
    return vectors ? kNone : kUnknown;
  }
  // Of map 0f 3a, pcmpestri and the like write flags.
  return instruction.map == OpcodeMap::x0f3a && (instruction.opcode < 0x60 || instruction.opcode > 0x63) ? kNone
                                                                                                         : kUnknown;
}

FlagUse useOf(const Instruction& instruction) noexcept {
  switch (instruction.kind) {
    case InstructionKind::plain:
      return plainUse(instruction);
    case InstructionKind::relativeJump:
      return kNone;
    case InstructionKind::conditionalJump:
      return {readByCondition(instruction.opcode), 0};
    case InstructionKind::loop:
      // loopne and loope; loop and jrcxz read none.
      return {static_cast<uint16_t>(instruction.opcode < 0xe2 ? kZero : 0), 0};
    default:
      return kUnknown;
  }
}

}  // namespace

std::vector<uint16_t> neededFlags(const FlowGraph& graph) {
  std::vector<FlagUse> uses;
  uses.reserve(graph.size());
  for (const FlowNode& node : graph) uses.push_back(useOf(node.instruction));
  std::vector<uint16_t> needed(graph.size());
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = graph.size(); i-- > 0;) {
      uint16_t behind = graph[i].leaves ? kAll : 0;
      for (const auto successor : graph[i].successors) {
        if (successor) behind |= needed[*successor];
      }
      const auto before = static_cast<uint16_t>(uses[i].reads | (behind & ~uses[i].writes));
      changed = changed || before != needed[i];
      needed[i] = before;
    }
  }
  return needed;
}

bool conditionHolds(unsigned condition, uint64_t flags) noexcept {
  const bool sign = (flags & kSign) != 0, overflow = (flags & kOverflow) != 0, zero = (flags & kZero) != 0;
  bool holds = false;
  switch (condition >> 1 & 7) {
    case 6:
      holds = sign != overflow;
      break;
    case 7:
      holds = zero || sign != overflow;
      break;
    default:
      holds = (flags & readByCondition(condition)) != 0;
      break;
  }
  return holds != ((condition & 1) != 0);
}

}  // namespace rr
