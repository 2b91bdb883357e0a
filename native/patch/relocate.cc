#include "patch/relocate.h"

#include <algorithm>

namespace rr {

namespace {

// Control does not go on behind it. A call returns to the original's successor, not to the copy's.
bool endsControl(InstructionKind kind) noexcept {
  return kind == InstructionKind::relativeJump || kind == InstructionKind::indirectJump ||
         kind == InstructionKind::nearReturn || isCall(kind);
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
      writeCopy(writer, originals_[i], [&](uint64_t target) { return *destination(target); });
      writer.state.passCounted = false;
    }
    writer.state.programAddress = originals_.back().next();
  }

 private:
  std::vector<Original> originals_;
  std::vector<uint64_t> copies_;
  bool entryStays_;
};

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
    const RelocationError error = refusalOf(original, writer.here(), options.allowCalls);
    if (error != RelocationError::none) return fail(error);
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
