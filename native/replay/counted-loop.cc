#include "replay/counted-loop.h"

#include "patch/instruction.h"

namespace rr {

bool countsInPlace(std::span<const uint8_t> code, uint64_t address) noexcept {
  constexpr uint8_t kLoop = 0xe2;
  const DecodedInstruction decoded = decodeInstruction(code);
  if (!decoded || decoded.instruction.kind != InstructionKind::loop) return false;
  const Instruction& instruction = decoded.instruction;
  return instruction.opcode == kLoop && !instruction.addressSizePrefix && branchTarget(instruction, address) == address;
}

uint64_t passesAhead(uint64_t now, uint64_t wanted, bool reachable) noexcept {
  if (now <= 1) return 0;
  return reachable && wanted >= 1 && wanted < now ? now - wanted : now - 1;
}

}  // namespace rr
