#include "patch/condition-code.h"

#include <initializer_list>
#include <iterator>
#include <map>

namespace rr {

namespace {

using enum GeneralRegister;

enum Opcode : uint8_t {
  kAdd = 0x02,
  kSub = 0x03,
  kMul = 0x04,
  kDivSigned = 0x05,
  kDivUnsigned = 0x06,
  kRemSigned = 0x07,
  kRemUnsigned = 0x08,
  kLsh = 0x09,
  kRshSigned = 0x0a,
  kRshUnsigned = 0x0b,
  kLogNot = 0x0e,
  kBitAnd = 0x0f,
  kBitOr = 0x10,
  kBitXor = 0x11,
  kBitNot = 0x12,
  kEqual = 0x13,
  kLessSigned = 0x14,
  kLessUnsigned = 0x15,
  kExt = 0x16,
  kRef8 = 0x17,
  kRef16 = 0x18,
  kRef32 = 0x19,
  kRef64 = 0x1a,
  kIfGoto = 0x20,
  kGoto = 0x21,
  kConst8 = 0x22,
  kConst16 = 0x23,
  kConst32 = 0x24,
  kConst64 = 0x25,
  kReg = 0x26,
  kEnd = 0x27,
  kDup = 0x28,
  kPop = 0x29,
  kZeroExt = 0x2a,
  kSwap = 0x2b,
  kPick = 0x32,
  kRot = 0x33,
};

size_t operandBytes(uint8_t opcode) {
  switch (opcode) {
    case kExt:
    case kZeroExt:
    case kPick:
    case kConst8:
      return 1;
    case kConst16:
    case kReg:
    case kIfGoto:
    case kGoto:
      return 2;
    case kConst32:
      return 4;
    case kConst64:
      return 8;
    default:
      return 0;
  }
}

// gdb's numbers of general registers (gdb/amd64-tdep.h) are another order than the processor's.
constexpr GeneralRegister kByGdbNumber[] = {rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp,
                                            r8,  r9,  r10, r11, r12, r13, r14, r15};
constexpr uint64_t kGdbRip = 16;

class ConditionWriter {
 public:
  ConditionWriter(CodeWriter& writer, std::span<const uint8_t> bytecode, const ConditionPlaces& places)
      : writer_(writer), bytecode_(bytecode), places_(places) {}

  bool write() {
    size_t at = 0;
    bool isReached = true;  // from the instruction before
    while (at < bytecode_.size()) {
      const auto target = targets_.find(at);
      if (target != targets_.end()) {
        if (isReached && depth_ != target->second.depth) return false;
        depth_ = target->second.depth;
        for (const CodeWriter::Forward jump : target->second.jumps) writer_.bind(jump);
        targets_.erase(target);
        isReached = true;
      }
      const uint8_t opcode = bytecode_[at];
      const size_t size = operandBytes(opcode);
      if (at + 1 + size > bytecode_.size()) return false;
      uint64_t operand = 0;
      for (size_t i = 0; i < size; i++) operand = operand << 8 | bytecode_[at + 1 + i];
      at += 1 + size;
      if (!isReached) continue;
      if (!writeOne(opcode, operand, at, isReached)) return false;
      if (depth_ > kConditionDepth) return false;
    }
    if (isReached || !targets_.empty()) return false;
    for (const CodeWriter::Forward jump : ends_) writer_.bind(jump);
    return true;
  }

 private:
  struct Target {
    size_t depth;
    std::vector<CodeWriter::Forward> jumps;
  };

  // A value that is not on top: 0 is the deepest.
  Operand slot(size_t number) const { return Operand::at(places_.stackAddress + 8 * number); }
  Operand below() const { return slot(depth_ - 2); }

  void push() {
    if (depth_ > 0) writer_.store(slot(depth_ - 1), rax);
    depth_++;
  }

  void drop() {
    depth_--;
    if (depth_ > 0) writer_.load(rax, slot(depth_ - 1));
  }

  void loadRegister(GeneralRegister which) {
    if (which == rax) {
      writer_.load(rax, places_.rax);
    } else if (which == rcx) {
      writer_.load(rax, places_.rcx);
    } else if (which == rdx) {
      writer_.load(rax, places_.rdx);
    } else {
      writer_.load(rax, Operand::of(which));
    }
  }

  // rcx op= rax, and the result in rax.
  void combine(std::initializer_list<uint8_t> operation) {
    writer_.load(rcx, below());
    writer_.instruction(operation);
    writer_.load(rax, Operand::of(rcx));
    depth_--;
  }

  // rax = left, rcx = right.
  void takeBoth() {
    writer_.load(rcx, Operand::of(rax));
    writer_.load(rax, below());
    depth_--;
  }

  void divide(bool isSigned, bool wantsRest) {
    takeBoth();
    if (isSigned) {
      writer_.instruction({0x48, 0x99});        // cqo
      writer_.instruction({0x48, 0xf7, 0xf9});  // idiv rcx
    } else {
      writer_.instruction({0x31, 0xd2});        // xor edx, edx
      writer_.instruction({0x48, 0xf7, 0xf1});  // div rcx
    }
    if (wantsRest) writer_.load(rax, Operand::of(rdx));
  }

  // Shifts by 64 and more leave nothing but the sign.
  void shift(std::initializer_list<uint8_t> operation, bool isSigned) {
    takeBoth();
    writer_.instruction({0x48, 0x83, 0xf9, 0x3f});  // cmp rcx, 63
    if (isSigned) {
      writer_.instruction({0x76, 0x05});                    // jbe over
      writer_.instruction({0xb9, 0x3f, 0x00, 0x00, 0x00});  // mov ecx, 63
    } else {
      writer_.instruction({0x76, 0x02});  // jbe over
      writer_.instruction({0x31, 0xc0});  // xor eax, eax
    }
    writer_.instruction(operation);
  }

  void truth(uint8_t condition) {
    writer_.instruction({0x0f, static_cast<uint8_t>(0x90 | condition), 0xc0});  // setcc al
    writer_.instruction({0x0f, 0xb6, 0xc0});                                    // movzx eax, al
  }

  void compareBoth(uint8_t condition) {
    writer_.load(rcx, below());
    writer_.compare(rcx, rax);
    depth_--;
    truth(condition);
  }

  bool extend(uint64_t bits, bool isSigned) {
    if (bits == 0 || bits > 64) return false;
    if (bits == 64) return true;
    const auto by = static_cast<uint8_t>(64 - bits);
    writer_.instruction({0x48, 0xc1, 0xe0, by});                                          // shl rax, by
    writer_.instruction({0x48, 0xc1, static_cast<uint8_t>(isSigned ? 0xf8 : 0xe8), by});  // sar or shr
    return true;
  }

  bool jump(uint64_t to, size_t next, CodeWriter::Forward from) {
    if (to < next || to >= bytecode_.size()) return false;
    const auto [target, isNew] = targets_.try_emplace(to, Target{depth_, {}});
    if (!isNew && target->second.depth != depth_) return false;
    target->second.jumps.push_back(from);
    return true;
  }

  size_t takes(uint8_t opcode, uint64_t operand) const {
    switch (opcode) {
      case kConst8:
      case kConst16:
      case kConst32:
      case kConst64:
      case kReg:
      case kGoto:
        return 0;
      case kPick:
        return static_cast<size_t>(operand) + 1;
      case kRot:
        return 3;
      case kLogNot:
      case kBitNot:
      case kExt:
      case kZeroExt:
      case kRef8:
      case kRef16:
      case kRef32:
      case kRef64:
      case kIfGoto:
      case kEnd:
      case kDup:
      case kPop:
        return 1;
      default:
        return 2;
    }
  }

  // `next`: offset of the instruction behind it.
  bool writeOne(uint8_t opcode, uint64_t operand, size_t next, bool& isReached) {
    if (depth_ < takes(opcode, operand)) return false;
    switch (opcode) {
      case kAdd:
        combine({0x48, 0x01, 0xc1});
        return true;
      case kSub:
        combine({0x48, 0x29, 0xc1});
        return true;
      case kMul:
        combine({0x48, 0x0f, 0xaf, 0xc8});  // imul rcx, rax
        return true;
      case kBitAnd:
        combine({0x48, 0x21, 0xc1});
        return true;
      case kBitOr:
        combine({0x48, 0x09, 0xc1});
        return true;
      case kBitXor:
        combine({0x48, 0x31, 0xc1});
        return true;
      case kDivSigned:
      case kRemSigned:
        divide(true, opcode == kRemSigned);
        return true;
      case kDivUnsigned:
      case kRemUnsigned:
        divide(false, opcode == kRemUnsigned);
        return true;
      case kLsh:
        shift({0x48, 0xd3, 0xe0}, false);
        return true;
      case kRshSigned:
        shift({0x48, 0xd3, 0xf8}, true);
        return true;
      case kRshUnsigned:
        shift({0x48, 0xd3, 0xe8}, false);
        return true;
      case kLogNot:
        writer_.instruction({0x48, 0x85, 0xc0});  // test rax, rax
        truth(4);                                 // equal
        return true;
      case kBitNot:
        writer_.instruction({0x48, 0xf7, 0xd0});
        return true;
      case kEqual:
        compareBoth(4);
        return true;
      case kLessSigned:
        compareBoth(12);
        return true;
      case kLessUnsigned:
        compareBoth(2);
        return true;
      case kExt:
        return extend(operand, true);
      case kZeroExt:
        return extend(operand, false);
      case kRef8:
        writer_.instruction({0x0f, 0xb6, 0x00});  // movzx eax, byte [rax]
        return true;
      case kRef16:
        writer_.instruction({0x0f, 0xb7, 0x00});
        return true;
      case kRef32:
        writer_.instruction({0x8b, 0x00});
        return true;
      case kRef64:
        writer_.instruction({0x48, 0x8b, 0x00});
        return true;
      case kIfGoto: {
        writer_.instruction({0x48, 0x85, 0xc0});  // test rax, rax
        drop();                                   // changes no flags
        return jump(operand, next, writer_.jumpIfNotEqual());
      }
      case kGoto:
        isReached = false;
        return jump(operand, next, writer_.jumpAhead());
      case kConst8:
      case kConst16:
      case kConst32:
      case kConst64:
        push();
        writer_.loadConstant(rax, operand);
        return true;
      case kReg:
        push();
        if (operand == kGdbRip) {
          writer_.loadConstant(rax, places_.site);
          return true;
        }
        if (operand >= std::size(kByGdbNumber)) return false;
        loadRegister(kByGdbNumber[operand]);
        return true;
      case kEnd:
        isReached = false;
        ends_.push_back(writer_.jumpAhead());
        return true;
      case kDup:
        push();
        return true;
      case kPop:
        drop();
        return true;
      case kSwap:
        writer_.load(rcx, below());
        writer_.store(below(), rax);
        writer_.load(rax, Operand::of(rcx));
        return true;
      case kPick: {
        if (operand > 0) {
          push();
          writer_.load(rax, slot(depth_ - 2 - operand));
        } else {
          push();
        }
        return true;
      }
      case kRot: {
        // Of a, b, c, with c on top: c, a, b.
        const Operand first = slot(depth_ - 3);
        const Operand second = slot(depth_ - 2);
        writer_.load(rcx, first);
        writer_.store(first, rax);
        writer_.load(rax, second);
        writer_.store(second, rcx);
        return true;
      }
      default:
        return false;
    }
  }

  CodeWriter& writer_;
  std::span<const uint8_t> bytecode_;
  const ConditionPlaces& places_;
  size_t depth_ = 0;
  std::map<size_t, Target> targets_;  // by offset in the bytecode
  std::vector<CodeWriter::Forward> ends_;
};

}  // namespace

bool writeCondition(CodeWriter& writer, std::span<const uint8_t> bytecode, const ConditionPlaces& places) {
  return ConditionWriter(writer, bytecode, places).write();
}

}  // namespace rr
