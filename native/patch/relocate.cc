#include "patch/relocate.h"

#include <algorithm>
#include <cstring>

namespace rr {

namespace {

constexpr uint8_t kReturnAddressSize = 8;

struct Original {
  Instruction instruction;
  uint64_t address;
  std::span<const uint8_t> bytes;

  uint64_t next() const noexcept { return address + instruction.length; }
};

bool isCall(InstructionKind kind) noexcept {
  return kind == InstructionKind::relativeCall || kind == InstructionKind::indirectCall;
}

// Control does not go on behind it. A call returns to the original's successor, not to the copy's.
bool endsControl(InstructionKind kind) noexcept {
  return kind == InstructionKind::relativeJump || kind == InstructionKind::indirectJump ||
         kind == InstructionKind::nearReturn || isCall(kind);
}

RelocationError refusal(const Instruction& instruction, const RelocationOptions& options) noexcept {
  switch (instruction.kind) {
    case InstructionKind::systemCall:
    case InstructionKind::otherSystemCall:
    case InstructionKind::breakpoint:
    case InstructionKind::undefined:
    case InstructionKind::beginTransaction:
    case InstructionKind::farBranch:
      return RelocationError::notMovable;
    case InstructionKind::relativeCall:
    case InstructionKind::indirectCall:
      if (!options.allowCalls) return RelocationError::call;
      break;
    default:
      break;
  }
  // Addresses of 32 bits wrap at 4 GB: no displacement leads there from everywhere.
  if (instruction.ripRelative && instruction.addressSizePrefix) return RelocationError::notMovable;
  if (instruction.kind != InstructionKind::indirectCall) return RelocationError::none;

  constexpr uint8_t rsp = static_cast<uint8_t>(GeneralRegister::rsp);
  if (instruction.mod == 3) return instruction.rm == rsp ? RelocationError::callOperand : RelocationError::none;
  if (!instruction.hasBase || instruction.base != rsp) return RelocationError::none;
  // The return address is pushed before the operand is read, so the two must not overlap. (That they do by way of
  // another register than rsp is not seen; no compiler makes that.)
  const bool overlaps = instruction.displacement > -2 * kReturnAddressSize && instruction.displacement < 0;
  const bool farthest = instruction.displacement > INT32_MAX - kReturnAddressSize;
  return instruction.index != rsp || overlaps || farthest ? RelocationError::callOperand : RelocationError::none;
}

class Relocator {
 public:
  // `to`: where the copy will start.
  Relocator(std::vector<Original> originals, uint64_t to, bool entryStays)
      : originals_(std::move(originals)), copies_(originals_.size(), to), entryStays_(entryStays) {}

  // Where a branch out of the range or within it goes in the copy; nothing when that is no instruction's start.
  std::optional<uint64_t> destination(uint64_t target) const noexcept {
    const uint64_t start = originals_.front().address, end = originals_.back().next();
    if (target < start || target >= end || (target == start && entryStays_)) return target;
    for (size_t i = 0; i < originals_.size(); i++)
      if (originals_[i].address == target) return copies_[i];
    return std::nullopt;
  }

  // Writes all copies. The addresses of copies that lie ahead come from an earlier run. Jumps within the range are
  // short in every run, also in the first, which takes them all to lie at `to`: so every run gives the same layout.
  void write(CodeWriter& writer) {
    for (size_t i = 0; i < originals_.size(); i++) {
      copies_[i] = writer.here();
      writer.state.programAddress = originals_[i].address;
      writeOne(writer, originals_[i]);
      writer.state.passCounted = false;
    }
    writer.state.programAddress = originals_.back().next();
  }

 private:
  void writeOne(CodeWriter& writer, const Original& original) const {
    const Instruction& instruction = original.instruction;
    switch (instruction.kind) {
      case InstructionKind::relativeJump:
        writer.jump(*destination(*branchTarget(instruction, original.address)));
        return;
      case InstructionKind::conditionalJump: {
        const uint64_t target = *branchTarget(instruction, original.address);
        writer.jumpIf(instruction.opcode & 15, *destination(target), after(writer, target));
        return;
      }
      case InstructionKind::loop:
        writeLoop(writer, original);
        return;
      case InstructionKind::relativeCall:
      case InstructionKind::indirectCall:
        writeCall(writer, original);
        return;
      default:
        writer.instruction(copyBytes(original, writer.here()));
        return;
    }
  }

  // The writer's state once the instruction has been executed and the program is at `address`.
  static CodeBoundary after(const CodeWriter& writer, uint64_t address) noexcept {
    CodeBoundary state = writer.state;
    state.programAddress = address;
    state.passCounted = false;
    return state;
  }

  // The instruction's bytes, for execution at `to`, with a new displacement where it is rip-relative.
  static std::vector<uint8_t> copyBytes(const Original& original, uint64_t to) {
    std::vector<uint8_t> bytes(original.bytes.begin(), original.bytes.begin() + original.instruction.length);
    if (const auto target = ripRelativeTarget(original.instruction, original.address)) {
      const auto displacement = static_cast<uint32_t>(*target - (to + bytes.size()));
      memcpy(bytes.data() + original.instruction.displacementOffset, &displacement, sizeof displacement);
    }
    return bytes;
  }

  //   loop taken; jmp short over; taken: jmp target; over:
  void writeLoop(CodeWriter& writer, const Original& original) const {
    const uint64_t target = *branchTarget(original.instruction, original.address);
    const uint64_t to = *destination(target);
    constexpr uint8_t shortJump = 2;  // bytes
    std::vector<uint8_t> bytes(original.bytes.begin(), original.bytes.begin() + original.instruction.length);
    bytes.back() = shortJump;
    writer.instruction(bytes);
    writer.state = after(writer, original.next());
    const uint64_t taken = writer.here() + shortJump;
    const uint8_t jump = inReach(taken + 5, to) ? 5 : 14;  // bytes, as CodeWriter::jump writes it
    writer.instruction({0xeb, jump});
    writer.state = after(writer, target);
    writer.jump(to);
  }

  //   push qword [return]; jmp target; return: .quad original's successor
  void writeCall(CodeWriter& writer, const Original& original) const {
    constexpr uint8_t pushSize = 6;  // bytes
    const Instruction& instruction = original.instruction;
    if (instruction.kind == InstructionKind::relativeCall) {
      const uint64_t target = *branchTarget(instruction, original.address);
      const uint64_t to = *destination(target);
      const uint64_t behindPush = writer.here() + pushSize;
      const uint64_t jumpSize = inReach(behindPush + 5, to) ? 5 : 14;
      writer.pushMemory(Operand::at(behindPush + jumpSize));
      writer.state = after(writer, target);
      writer.jump(to);
    } else {
      const std::vector<uint8_t> jump = jumpOfCall(original, writer.here() + pushSize);
      writer.pushMemory(Operand::at(writer.here() + pushSize + jump.size()));
      // The target is not known before the jump has read it, and that may fault: still at the call, but for rsp.
      writer.state.stackAdjustment = kReturnAddressSize;
      writer.instruction(jump);
      writer.state.stackAdjustment = 0;
    }
    writer.data(original.next());
  }

  // The jump to an indirect call's target, for execution at `to` when the return address has been pushed.
  static std::vector<uint8_t> jumpOfCall(const Original& original, uint64_t to) {
    const Instruction& instruction = original.instruction;
    std::vector<uint8_t> bytes = copyBytes(original, to);
    uint8_t& modrm = bytes[instruction.modrmOffset];
    modrm = static_cast<uint8_t>((modrm & ~0x38) | 0x20);  // 0xff /2, call, to 0xff /4, jmp
    const bool onStack =
        instruction.mod != 3 && instruction.hasBase && instruction.base == static_cast<uint8_t>(GeneralRegister::rsp);
    if (!onStack) return bytes;
    modrm = static_cast<uint8_t>((modrm & 0x3f) | 0x80);  // a displacement of 32 bits
    bytes.resize(instruction.modrmOffset + 2u);           // with the SIB byte
    const auto displacement = static_cast<uint32_t>(instruction.displacement + kReturnAddressSize);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<uint8_t>(displacement >> shift));
    return bytes;
  }

  std::vector<Original> originals_;
  std::vector<uint64_t> copies_;
  bool entryStays_;
};

// A rip-relative operand of a copy must lie within reach from wherever in the copy it comes to be; the copy is far
// smaller than this many bytes.
constexpr uint64_t kReachMargin = 1024;

bool operandInReach(const Original& original, uint64_t to) noexcept {
  const auto target = ripRelativeTarget(original.instruction, original.address);
  return !target || (inReach(to, *target) && inReach(to + kReachMargin, *target));
}

}  // namespace

Relocation relocateInto(CodeWriter& writer, std::span<const uint8_t> code, uint64_t from, size_t atLeast,
                        const RelocationOptions& options) {
  std::vector<Original> originals;
  size_t covered = 0;
  const auto fail = [&](RelocationError error, DecodeError decodeError = DecodeError::none) {
    return Relocation{.error = error, .decodeError = decodeError, .at = from + covered};
  };
  do {
    const std::span<const uint8_t> rest = code.subspan(std::min(covered, code.size()));
    const DecodedInstruction decoded = decodeInstruction(rest);
    if (!decoded) return fail(RelocationError::undecodable, decoded.error);
    const Original original{decoded.instruction, from + covered, rest};
    if (const RelocationError error = refusal(original.instruction, options); error != RelocationError::none)
      return fail(error);
    if (!operandInReach(original, writer.here())) return fail(RelocationError::outOfReach);
    if (!originals.empty() && isCall(originals.back().instruction.kind)) return fail(RelocationError::callBeforeEnd);
    if (!originals.empty() && endsControl(originals.back().instruction.kind)) return fail(RelocationError::endsEarly);
    originals.push_back(original);
    covered += decoded.instruction.length;
  } while (covered < atLeast);

  Relocator relocator(originals, writer.here(), options.entryStays);
  for (const Original& original : originals) {
    const auto target = branchTarget(original.instruction, original.address);
    if (target && !relocator.destination(*target))
      return {.error = RelocationError::jumpIntoInstruction, .decodeError = DecodeError::none, .at = original.address};
  }
  CodeWriter trial(writer.here());
  relocator.write(trial);
  relocator.write(writer);

  Relocation result{.at = from, .covered = static_cast<uint8_t>(covered)};
  if (!endsControl(originals.back().instruction.kind)) result.continuesAt = from + covered;
  return result;
}

RelocatedCode relocate(std::span<const uint8_t> code, uint64_t from, size_t atLeast, uint64_t to,
                       const RelocationOptions& options) {
  CodeWriter writer(to);
  RelocatedCode relocated;
  relocated.result = relocateInto(writer, code, from, atLeast, options);
  if (relocated.result.error != RelocationError::none) return relocated;
  if (relocated.result.continuesAt) writer.jump(*relocated.result.continuesAt);
  relocated.code = writer.takeCode();
  relocated.boundaries = writer.takeBoundaries();
  return relocated;
}

std::optional<uint32_t> copyOf(const RelocatedCode& code, uint64_t address) noexcept {
  for (const CodeBoundary& boundary : code.boundaries)
    if (boundary.programAddress == address && boundary.stackAdjustment == 0) return boundary.offset;
  return std::nullopt;
}

const char* describe(RelocationError error) noexcept {
  switch (error) {
    case RelocationError::none:
      return "relocated";
    case RelocationError::undecodable:
      return "not decodable";
    case RelocationError::notMovable:
      return "an instruction that shows its own address or enters the kernel";
    case RelocationError::call:
      return "a call, which is not allowed here";
    case RelocationError::callOperand:
      return "a call whose operand depends on the stack pointer";
    case RelocationError::callBeforeEnd:
      return "a call that would return into overwritten bytes";
    case RelocationError::outOfReach:
      return "an operand is more than 2 GB from the copy";
    case RelocationError::endsEarly:
      return "a jump or return before enough bytes are covered";
    case RelocationError::jumpIntoInstruction:
      return "a branch into the middle of a copied instruction";
  }
  return "an unknown error";
}

}  // namespace rr
