#include "patch/copy-instruction.h"

#include <cstring>
#include <optional>
#include <vector>

namespace rr {

namespace {

using Destination = std::function<uint64_t(uint64_t)>;

constexpr uint8_t kReturnAddressSize = 8;

// A rip-relative operand of a copy must lie within reach from wherever in the copy it comes to be; the copy is far
// smaller than this many bytes.
constexpr uint64_t kReachMargin = 4096;

bool operandInReach(const Original& original, uint64_t to) noexcept {
  const auto target = ripRelativeTarget(original.instruction, original.address);
  return !target || (inReach(to, *target) && inReach(to + kReachMargin, *target));
}

RelocationError refusal(const Instruction& instruction, bool allowCalls) noexcept {
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
      if (!allowCalls) return RelocationError::call;
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

// The writer's state once the instruction has been executed and the program is at `address`.
CodeBoundary after(const CodeWriter& writer, uint64_t address) noexcept {
  CodeBoundary state = writer.state;
  state.programAddress = address;
  state.passCounted = false;
  return state;
}

// The instruction's bytes, for execution at `to`, with a new displacement where it is rip-relative.
std::vector<uint8_t> copyBytes(const Original& original, uint64_t to) {
  std::vector<uint8_t> bytes(original.bytes.begin(), original.bytes.begin() + original.instruction.length);
  if (const auto target = ripRelativeTarget(original.instruction, original.address)) {
    const auto displacement = static_cast<uint32_t>(*target - (to + bytes.size()));
    memcpy(bytes.data() + original.instruction.displacementOffset, &displacement, sizeof displacement);
  }
  return bytes;
}

//   loop taken; jmp short over; taken: jmp target; over:
void writeLoop(CodeWriter& writer, const Original& original, const Destination& destination) {
  const uint64_t target = *branchTarget(original.instruction, original.address);
  const uint64_t to = destination(target);
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

// The jump to an indirect call's target, for execution at `to` when the return address has been pushed.
std::vector<uint8_t> jumpOfCall(const Original& original, uint64_t to) {
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

//   push qword [return]; jmp target; return: .quad original's successor
void writeCall(CodeWriter& writer, const Original& original, const Destination& destination) {
  constexpr uint8_t pushSize = 6;  // bytes
  const Instruction& instruction = original.instruction;
  if (instruction.kind == InstructionKind::relativeCall) {
    const uint64_t target = *branchTarget(instruction, original.address);
    const uint64_t to = destination(target);
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

}  // namespace

bool isCall(InstructionKind kind) noexcept {
  return kind == InstructionKind::relativeCall || kind == InstructionKind::indirectCall;
}

RelocationError refusalOf(const Original& original, uint64_t to, bool allowCalls) noexcept {
  const RelocationError error = refusal(original.instruction, allowCalls);
  if (error != RelocationError::none) return error;
  return operandInReach(original, to) ? RelocationError::none : RelocationError::outOfReach;
}

void writeCopy(CodeWriter& writer, const Original& original, const Destination& destination) {
  const Instruction& instruction = original.instruction;
  switch (instruction.kind) {
    case InstructionKind::relativeJump:
      writer.jump(destination(*branchTarget(instruction, original.address)));
      return;
    case InstructionKind::conditionalJump: {
      const uint64_t target = *branchTarget(instruction, original.address);
      writer.jumpIf(instruction.opcode & 15, destination(target), after(writer, target));
      return;
    }
    case InstructionKind::loop:
      writeLoop(writer, original, destination);
      return;
    case InstructionKind::relativeCall:
    case InstructionKind::indirectCall:
      writeCall(writer, original, destination);
      return;
    default:
      writer.instruction(copyBytes(original, writer.here()));
      return;
  }
}

}  // namespace rr
