#include "patch/instruction.h"

#include <cstring>

#include "patch/opcode-maps.h"

namespace rr {

namespace {

// Reads the bytes of one instruction in order, never more than it was given and never more than 15.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> code) noexcept : code_(code) {}

  uint8_t offset() const noexcept { return offset_; }
  DecodeError error() const noexcept { return error_; }

  // The next byte; 0 with error() set when there is none.
  uint8_t next() noexcept {
    const uint8_t value = peek();
    if (error_ == DecodeError::none) offset_++;
    return value;
  }

  uint8_t peek() noexcept {
    if (!has(1)) return 0;
    return code_[offset_];
  }

  // A little-endian signed number of 1 to 8 bytes.
  int64_t number(uint8_t size) noexcept {
    if (!has(size)) return 0;
    uint64_t value = 0;
    memcpy(&value, code_.data() + offset_, size);
    offset_ = static_cast<uint8_t>(offset_ + size);
    const int unused = 64 - 8 * size;
    return static_cast<int64_t>(value << unused) >> unused;
  }

 private:
  bool has(size_t size) noexcept {
    if (error_ != DecodeError::none) return false;
    if (offset_ + size > kLongestInstruction) {
      error_ = DecodeError::tooLong;
    } else if (offset_ + size > code_.size()) {
      error_ = DecodeError::truncated;
    }
    return error_ == DecodeError::none;
  }

  std::span<const uint8_t> code_;
  uint8_t offset_ = 0;
  DecodeError error_ = DecodeError::none;
};

class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> code) noexcept : bytes_(code) {}

  DecodedInstruction decode() noexcept {
    DecodeError error = decodeAll();
    // A byte that was missing reads as zero, so what was concluded from it does not count.
    if (bytes_.error() != DecodeError::none) error = bytes_.error();
    into_.length = bytes_.offset();
    return {error, into_};
  }

 private:
  DecodeError decodeAll() noexcept {
    readPrefixes();
    unsigned shape = opcodes::undefined;
    const uint8_t first = bytes_.next();
    if (bytes_.error() != DecodeError::none) return bytes_.error();
    if (first == 0x62 || first == 0xc4 || first == 0xc5 || (first == 0x8f && (bytes_.peek() & 0x1f) >= 8)) {
      // These demand that no prefix says what they say themselves (SDM 2.3.2 to 2.3.4, 2.7.1).
      if (into_.operandSizePrefix || into_.repeatPrefix != 0 || into_.lockPrefix || into_.rex != 0)
        return DecodeError::undefined;
      shape = first == 0x62 ? readEvex() : first == 0x8f ? readXop() : readVex(first);
    } else {
      shape = readLegacyOpcode(first);
    }
    if (shape == opcodes::undefined || (shape & opcodes::prefix) != 0) return DecodeError::undefined;
    if ((shape & opcodes::modrm) != 0) readModrm();
    if (into_.encoding == InstructionEncoding::legacy && !isDefinedInGroup()) return DecodeError::undefined;
    if (into_.lockPrefix && !mayLock()) return DecodeError::undefined;
    classify();
    if (isNearBranch() && into_.operandSizePrefix && !wide()) return DecodeError::ambiguous;
    readDisplacement(shape);
    readImmediate(shape);
    return DecodeError::none;
  }

  bool wide() const noexcept { return (into_.rex & 8) != 0; }

  void readPrefixes() noexcept {
    while (bytes_.error() == DecodeError::none) {
      const uint8_t byte = bytes_.peek();
      if (bytes_.error() != DecodeError::none) return;
      if (byte >= 0x40 && byte <= 0x4f) {
        into_.rex = byte;
        bytes_.next();
        continue;
      }
      switch (byte) {
        case 0x66:
          into_.operandSizePrefix = true;
          break;
        case 0x67:
          into_.addressSizePrefix = true;
          break;
        case 0xf0:
          into_.lockPrefix = true;
          break;
        case 0xf2:
        case 0xf3:
          into_.repeatPrefix = byte;
          break;
        case 0x64:
        case 0x65:
          into_.segmentPrefix = byte;
          break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
          break;  // no meaning in 64-bit mode but branch hints
        default:
          return;
      }
      into_.rex = 0;  // a REX prefix that is not the last one does not count
      bytes_.next();
    }
  }

  unsigned readLegacyOpcode(uint8_t first) noexcept {
    into_.opcode = first;
    const opcodes::Map* map = &opcodes::kPrimary;
    if (first == 0x0f) {
      into_.map = OpcodeMap::x0f;
      into_.opcode = bytes_.next();
      map = &opcodes::k0f;
      if (into_.opcode == 0x38 || into_.opcode == 0x3a) {
        into_.map = into_.opcode == 0x38 ? OpcodeMap::x0f38 : OpcodeMap::x0f3a;
        map = into_.opcode == 0x38 ? &opcodes::k0f38 : &opcodes::k0f3a;
        into_.opcode = bytes_.next();
      }
    }
    if (bytes_.error() != DecodeError::none) return opcodes::undefined;
    into_.opcodeOffset = static_cast<uint8_t>(bytes_.offset() - 1);
    return (*map)[into_.opcode];
  }

  // Reads the opcode behind a VEX, EVEX or XOP prefix; the shape that all maps of `known` share is `shape`.
  unsigned readVectorOpcode(const opcodes::KnownOpcodes* known, unsigned shape) noexcept {
    into_.opcode = bytes_.next();
    if (bytes_.error() != DecodeError::none || known == nullptr || !opcodes::isKnown(*known, into_.opcode))
      return opcodes::undefined;
    into_.opcodeOffset = static_cast<uint8_t>(bytes_.offset() - 1);
    const bool vex0f = into_.map == OpcodeMap::x0f;
    if (vex0f && into_.opcode == 0x77) return opcodes::known;
    if (vex0f && opcodes::hasVectorImmediate(into_.opcode)) shape |= opcodes::imm8;
    return shape | opcodes::known | opcodes::modrm;
  }

  // `extensions` holds the inverted R, X, B in bits 7 to 5, as VEX3, EVEX and XOP have them; `wideBit` is W.
  void setExtensions(uint8_t extensions, bool wideBit) noexcept {
    extension_ = static_cast<uint8_t>(~extensions >> 5 & 7);
    if (wideBit) extension_ |= 8;
  }

  unsigned readVex(uint8_t first) noexcept {
    into_.encoding = InstructionEncoding::vex;
    uint8_t mapNumber = 1;
    const uint8_t second = bytes_.next();
    if (first == 0xc5) {
      setExtensions(second | 0x60, false);
    } else {
      mapNumber = second & 0x1f;
      setExtensions(second, (bytes_.next() & 0x80) != 0);
    }
    switch (mapNumber) {
      case 1:
        into_.map = OpcodeMap::x0f;
        return readVectorOpcode(&opcodes::kVex0f, opcodes::known);
      case 2:
        into_.map = OpcodeMap::x0f38;
        return readVectorOpcode(&opcodes::kVex0f38, opcodes::known);
      case 3:
        into_.map = OpcodeMap::x0f3a;
        return readVectorOpcode(&opcodes::kVex0f3a, opcodes::imm8);
      default:
        return readVectorOpcode(nullptr, opcodes::undefined);
    }
  }

  unsigned readEvex() noexcept {
    into_.encoding = InstructionEncoding::evex;
    const uint8_t first = bytes_.next();
    const uint8_t second = bytes_.next();
    bytes_.next();
    setExtensions(first, (second & 0x80) != 0);
    // Bit 3 of the first and bit 2 of the second byte are fixed (SDM table 2-36); APX gives them a meaning.
    if (bytes_.error() == DecodeError::none && ((first & 8) != 0 || (second & 4) == 0)) return opcodes::undefined;
    switch (first & 7) {
      case 1:
        into_.map = OpcodeMap::x0f;
        return readVectorOpcode(&opcodes::kEvex0f, opcodes::known);
      case 2:
        into_.map = OpcodeMap::x0f38;
        return readVectorOpcode(&opcodes::kEvex0f38, opcodes::known);
      case 3:
        into_.map = OpcodeMap::x0f3a;
        return readVectorOpcode(&opcodes::kEvex0f3a, opcodes::imm8);
      case 5:
        into_.map = OpcodeMap::evex5;
        return readVectorOpcode(&opcodes::kEvex5, opcodes::known);
      case 6:
        into_.map = OpcodeMap::evex6;
        return readVectorOpcode(&opcodes::kEvex6, opcodes::known);
      default:
        return readVectorOpcode(nullptr, opcodes::undefined);
    }
  }

  unsigned readXop() noexcept {
    into_.encoding = InstructionEncoding::xop;
    const uint8_t first = bytes_.next();
    setExtensions(first, (bytes_.next() & 0x80) != 0);
    switch (first & 0x1f) {
      case 8:
        into_.map = OpcodeMap::xop8;
        return readVectorOpcode(&opcodes::kXop8, opcodes::imm8);
      case 9:
        into_.map = OpcodeMap::xop9;
        return readVectorOpcode(&opcodes::kXop9, opcodes::known);
      case 10:
        into_.map = OpcodeMap::xopA;
        return readVectorOpcode(&opcodes::kXopA, opcodes::immOperand);
      default:
        return readVectorOpcode(nullptr, opcodes::undefined);
    }
  }

  void readModrm() noexcept {
    into_.hasModrm = true;
    into_.modrmOffset = bytes_.offset();
    const uint8_t byte = bytes_.next();
    const uint8_t extension = into_.encoding == InstructionEncoding::legacy ? into_.rex : extension_;
    const bool extendsReg = (extension & 4) != 0, extendsIndex = (extension & 2) != 0,
               extendsBase = (extension & 1) != 0;
    into_.mod = byte >> 6;
    into_.reg = static_cast<uint8_t>((byte >> 3 & 7) | (extendsReg ? 8 : 0));
    into_.rm = static_cast<uint8_t>((byte & 7) | (extendsBase ? 8 : 0));
    // Moves to and from control and debug registers take the field for a register, whatever mod says (SDM, MOV CR).
    const bool controlRegister = into_.encoding == InstructionEncoding::legacy && into_.map == OpcodeMap::x0f &&
                                 into_.opcode >= 0x20 && into_.opcode <= 0x23;
    if (controlRegister) into_.mod = 3;
    if (into_.mod == 3) return;
    if ((byte & 7) == 4) {
      const uint8_t sib = bytes_.next();
      into_.hasSib = true;
      into_.scale = static_cast<uint8_t>(1 << (sib >> 6));
      into_.index = static_cast<uint8_t>((sib >> 3 & 7) | (extendsIndex ? 8 : 0));
      into_.base = static_cast<uint8_t>((sib & 7) | (extendsBase ? 8 : 0));
      into_.hasBase = (sib & 7) != 5 || into_.mod != 0;
    } else {
      into_.ripRelative = into_.mod == 0 && (byte & 7) == 5;
      into_.base = into_.rm;
      into_.hasBase = !into_.ripRelative;
      into_.index = 4;
    }
  }

  // Opcodes whose ModRM byte selects the instruction: is there one?
  bool isDefinedInGroup() const noexcept {
    const uint8_t group = into_.reg & 7;
    if (into_.map == OpcodeMap::primary) {
      switch (into_.opcode) {
        case 0x8d:  // lea
          return into_.mod != 3;
        case 0x8f:
          return group == 0;
        case 0xc6:
        case 0xc7:
          return group == 0 || isTransactional();
        case 0xfe:
          return group <= 1;
        case 0xff:
          // Far branches take their target from memory only.
          return group != 7 && !((group == 3 || group == 5) && into_.mod == 3);
        default:
          return true;
      }
    }
    if (into_.map != OpcodeMap::x0f) return true;
    switch (into_.opcode) {
      case 0x78:
      case 0x79:  // vmread, vmwrite; with these prefixes SSE4a, with other operands
        return !into_.operandSizePrefix && into_.repeatPrefix == 0;
      case 0xb8:
        return into_.repeatPrefix == 0xf3;  // popcnt
      case 0xba:
        return group >= 4;
      default:
        return true;
    }
  }

  // The lock prefix is defined for these alone, and with a memory destination (SDM, LOCK).
  bool mayLock() const noexcept {
    if (!into_.hasModrm || into_.mod == 3) return false;
    const uint8_t opcode = into_.opcode, group = into_.reg & 7;
    if (into_.map == OpcodeMap::primary) {
      if (opcode < 0x38) return (opcode & 7) <= 1;
      switch (opcode) {
        case 0x80:
        case 0x81:
        case 0x83:
          return group != 7;
        case 0x86:
        case 0x87:
          return true;
        case 0xf6:
        case 0xf7:
          return group == 2 || group == 3;
        case 0xfe:
        case 0xff:
          return group <= 1;
        default:
          return false;
      }
    }
    if (into_.map != OpcodeMap::x0f) return false;
    switch (opcode) {
      case 0xab:
      case 0xb0:
      case 0xb1:
      case 0xb3:
      case 0xbb:
      case 0xc0:
      case 0xc1:
        return true;
      case 0xba:
        return group >= 5;
      case 0xc7:
        return group == 1;
      default:
        return false;
    }
  }

  // xabort (0xc6 0xf8) and xbegin (0xc7 0xf8).
  bool isTransactional() const noexcept { return into_.mod == 3 && (into_.reg & 7) == 7 && (into_.rm & 7) == 0; }

  void classify() noexcept {
    if (into_.encoding != InstructionEncoding::legacy) return;
    if (into_.map == OpcodeMap::primary) {
      into_.kind = kindOfPrimary();
      into_.x87 = into_.opcode >= 0xd8 && into_.opcode <= 0xdf;
    } else if (into_.map == OpcodeMap::x0f) {
      into_.kind = kindOf0f();
    }
  }

  InstructionKind kindOfPrimary() const noexcept {
    const uint8_t opcode = into_.opcode;
    if (opcode >= 0x70 && opcode <= 0x7f) return InstructionKind::conditionalJump;
    if (opcode >= 0xe0 && opcode <= 0xe3) return InstructionKind::loop;
    const bool string =
        (opcode >= 0x6c && opcode <= 0x6f) || (opcode >= 0xa4 && opcode <= 0xa7) || (opcode >= 0xaa && opcode <= 0xaf);
    if (string && into_.repeatPrefix != 0) return InstructionKind::repeatedString;
    switch (opcode) {
      case 0x9c:
        return InstructionKind::pushFlags;
      case 0x9d:
        return InstructionKind::popFlags;
      case 0xc2:
      case 0xc3:
        return InstructionKind::nearReturn;
      case 0xc7:
        return isTransactional() ? InstructionKind::beginTransaction : InstructionKind::plain;
      case 0xca:
      case 0xcb:
      case 0xcf:
        return InstructionKind::farBranch;
      case 0xcc:
      case 0xf1:
        return InstructionKind::breakpoint;
      case 0xcd:
        return InstructionKind::otherSystemCall;
      case 0xe8:
        return InstructionKind::relativeCall;
      case 0xe9:
      case 0xeb:
        return InstructionKind::relativeJump;
      case 0xff:
        break;
      default:
        return InstructionKind::plain;
    }
    switch (into_.reg & 7) {
      case 2:
        return InstructionKind::indirectCall;
      case 4:
        return InstructionKind::indirectJump;
      case 3:
      case 5:
        return InstructionKind::farBranch;
      default:
        return InstructionKind::plain;
    }
  }

  InstructionKind kindOf0f() const noexcept {
    const uint8_t opcode = into_.opcode;
    if (opcode >= 0x80 && opcode <= 0x8f) return InstructionKind::conditionalJump;
    switch (opcode) {
      case 0x01: {
        if (into_.mod != 3) return InstructionKind::plain;
        const unsigned whole = (into_.reg & 7) << 3 | (into_.rm & 7);
        if (whole == 0x10) return InstructionKind::readExtendedState;                // 0f 01 d0
        if (whole == 0x39) return InstructionKind::readTimestampAux;                 // 0f 01 f9
        return whole == 0x38 ? InstructionKind::undefined : InstructionKind::plain;  // 0f 01 f8: swapgs
      }
      case 0x05:
        return InstructionKind::systemCall;
      case 0x07:
      case 0x35:
        return InstructionKind::farBranch;
      case 0x06:  // clts, invd, wbinvd, wrmsr, rdmsr
      case 0x08:
      case 0x09:
      case 0x30:
      case 0x32:
      case 0x0b:
      case 0x20:
      case 0x21:
      case 0x22:
      case 0x23:
      case 0xb9:
      case 0xff:
        return InstructionKind::undefined;
      case 0x31:
        return InstructionKind::readTimestamp;
      case 0x34:
        return InstructionKind::otherSystemCall;
      case 0xa2:
        return InstructionKind::processorIdentity;
      case 0xc7:
        return into_.mod == 3 && (into_.reg & 7) == 7 && into_.repeatPrefix == 0xf3 ? InstructionKind::readProcessorId
                                                                                    : InstructionKind::plain;
      default:
        return InstructionKind::plain;
    }
  }

  bool isNearBranch() const noexcept {
    switch (into_.kind) {
      case InstructionKind::relativeJump:
      case InstructionKind::conditionalJump:
      case InstructionKind::loop:
      case InstructionKind::relativeCall:
      case InstructionKind::indirectJump:
      case InstructionKind::indirectCall:
      case InstructionKind::nearReturn:
      case InstructionKind::beginTransaction:
        return true;
      default:
        return false;
    }
  }

  void readDisplacement(unsigned shape) noexcept {
    if ((shape & opcodes::address) != 0) {
      into_.displacementSize = into_.addressSizePrefix ? 4 : 8;
    } else if (into_.hasModrm && into_.mod != 3) {
      const bool wordWithoutBase = into_.mod == 0 && !into_.hasBase;
      into_.displacementSize = into_.mod == 1 ? 1 : into_.mod == 2 || wordWithoutBase ? 4 : 0;
    }
    if (into_.displacementSize == 0) return;
    into_.displacementOffset = bytes_.offset();
    into_.displacement = bytes_.number(into_.displacementSize);
  }

  void readImmediate(unsigned shape) noexcept {
    const bool branchOperand = into_.kind == InstructionKind::beginTransaction;
    const uint8_t operandSize = into_.operandSizePrefix && !wide() && !branchOperand ? 2 : 4;
    unsigned size = 0;
    if ((shape & (opcodes::imm8 | opcodes::relative8)) != 0) size += 1;
    if ((shape & opcodes::imm16) != 0) size += 2;
    if ((shape & opcodes::immOperand) != 0) size += operandSize;
    if ((shape & opcodes::relative32) != 0) size += 4;
    if ((shape & opcodes::immFull) != 0) size += wide() ? 8 : operandSize;
    if ((shape & opcodes::testImmediate) != 0 && (into_.reg & 7) <= 1) size += into_.opcode == 0xf6 ? 1 : operandSize;
    if (size == 0) return;
    into_.immediateOffset = bytes_.offset();
    into_.immediateSize = static_cast<uint8_t>(size);
    into_.immediate = bytes_.number(into_.immediateSize);
  }

  ByteReader bytes_;
  Instruction into_;
  uint8_t extension_ = 0;  // W, R, X, B of VEX, EVEX and XOP, as in a REX prefix
};

}  // namespace

DecodedInstruction decodeInstruction(std::span<const uint8_t> code) noexcept { return Decoder(code).decode(); }

std::optional<uint64_t> branchTarget(const Instruction& instruction, uint64_t address) noexcept {
  switch (instruction.kind) {
    case InstructionKind::relativeJump:
    case InstructionKind::conditionalJump:
    case InstructionKind::loop:
    case InstructionKind::relativeCall:
    case InstructionKind::beginTransaction:
      return address + instruction.length + static_cast<uint64_t>(instruction.immediate);
    default:
      return std::nullopt;
  }
}

bool holdsConstant(const Instruction& instruction) noexcept {
  return instruction.immediateSize >= 4 || instruction.displacementSize == 8;
}

std::optional<uint64_t> ripRelativeTarget(const Instruction& instruction, uint64_t address) noexcept {
  if (!instruction.ripRelative) return std::nullopt;
  const uint64_t target = address + instruction.length + static_cast<uint64_t>(instruction.displacement);
  return instruction.addressSizePrefix ? target & 0xffffffff : target;
}

const char* describe(DecodeError error) noexcept {
  switch (error) {
    case DecodeError::none:
      return "decoded";
    case DecodeError::truncated:
      return "the bytes end before the instruction does";
    case DecodeError::undefined:
      return "no instruction that the decoder knows";
    case DecodeError::tooLong:
      return "longer than 15 bytes";
    case DecodeError::ambiguous:
      return "a branch with an operand-size prefix, on which processors differ";
  }
  return "an unknown error";
}

}  // namespace rr
