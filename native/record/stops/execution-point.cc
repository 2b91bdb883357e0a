#include "record/stops/execution-point.h"

#include <string.h>

#include <algorithm>
#include <set>

#include "patch/instruction.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr uint64_t kStackWindow = 2432;   // bytes above rsp
constexpr uint64_t kPointerWindow = 384;  // bytes of stack whose words are followed
// Bytes before and behind an address, for what registers and stack point to, and for two levels behind that.
constexpr uint64_t kBefore = 16;
constexpr uint64_t kLevels[] = {112, 64, 32};
constexpr size_t kMaximumPieces = 160;
// Bytes around rip that are searched for rip-relative operands.
constexpr uint64_t kCodeWindow = 64;

class Gathering {
 public:
  Gathering(std::span<const MapLine> maps, const TraceeMemory& memory) : memory_(memory) {
    for (const MapLine& line : maps) {
      if (line.writable && line.readable) writable_.push_back(line);
    }
  }

  const MapLine* mappingOf(uint64_t address) const {
    auto above = std::upper_bound(writable_.begin(), writable_.end(), address,
                                  [](uint64_t value, const MapLine& line) { return value < line.end; });
    return above != writable_.end() && above->start <= address ? &*above : nullptr;
  }

  // Adds memory from `address` on, cut to its mapping; the index of the piece, or -1.
  int add(uint64_t address, uint64_t before, uint64_t behind) {
    const MapLine* mapping = mappingOf(address);
    if (!mapping || pieces_.size() >= kMaximumPieces || !seen_.insert(address & ~15ULL).second) return -1;
    const uint64_t start = std::max(mapping->start, address > before ? address - before : 0);
    const uint64_t end = std::min(mapping->end, address + behind);
    PointMemory piece{start, std::vector<uint8_t>(end - start)};
    if (!memory_.readAll(start, piece.bytes.data(), piece.bytes.size())) return -1;
    pieces_.push_back(std::move(piece));
    return static_cast<int>(pieces_.size()) - 1;
  }

  // Adds what the words of a piece point to, and what those do.
  void follow(int index, size_t limit, size_t level) {
    if (index < 0 || level >= std::size(kLevels)) return;
    const size_t size = std::min(limit, pieces_[static_cast<size_t>(index)].bytes.size());
    for (size_t at = 0; at + 8 <= size; at += 8) {
      const PointMemory& piece = pieces_[static_cast<size_t>(index)];
      const uint64_t aligned = (piece.address + at + 7) & ~7ULL;
      const size_t offset = static_cast<size_t>(aligned - piece.address);
      if (offset + 8 > piece.bytes.size()) break;
      uint64_t word;
      memcpy(&word, piece.bytes.data() + offset, sizeof word);
      follow(add(word, kBefore, kLevels[level]), ~size_t{0}, level + 1);
    }
  }

  std::vector<PointMemory> take() { return std::move(pieces_); }

 private:
  const TraceeMemory& memory_;
  std::vector<MapLine> writable_;
  std::vector<PointMemory> pieces_;
  std::set<uint64_t> seen_;
};

}  // namespace

SiteFacts examineSite(std::span<const uint8_t> code) {
  const DecodedInstruction decoded = decodeInstruction(code);
  // What cannot be decoded faults, or is left to the breakpoint.
  if (!decoded) return {SiteKind::legal, 0};
  const uint8_t length = decoded.instruction.length;
  switch (decoded.instruction.kind) {
    case InstructionKind::systemCall:
    case InstructionKind::otherSystemCall:
    case InstructionKind::breakpoint:
    case InstructionKind::undefined:
    case InstructionKind::readTimestamp:
    case InstructionKind::readTimestampAux:
    case InstructionKind::processorIdentity:
      return {SiteKind::traps, length};
    case InstructionKind::repeatedString:
    case InstructionKind::pushFlags:
    case InstructionKind::popFlags:
      return {SiteKind::runOver, length};
    case InstructionKind::relativeCall:
    case InstructionKind::indirectCall:
    case InstructionKind::farBranch:
    case InstructionKind::beginTransaction:
      return {SiteKind::stepOver, length};
    default:
      // A load of ss (8e /2) keeps the trap behind it from coming.
      return {decoded.instruction.opcode == 0x8e && decoded.instruction.map == OpcodeMap::primary ? SiteKind::stepOver
                                                                                                  : SiteKind::legal,
              length, holdsConstant(decoded.instruction)};
  }
}

std::vector<PointMemory> pointMemory(std::span<const MapLine> maps, const TraceeMemory& memory,
                                     const user_regs_struct& registers) {
  Gathering gathering(maps, memory);
  const int stack = gathering.add(registers.rsp, kRedZone, kStackWindow);
  for (const unsigned long long value : {registers.rax, registers.rbx, registers.rcx, registers.rdx, registers.rsi,
                                         registers.rdi, registers.rbp, registers.r8, registers.r9, registers.r10,
                                         registers.r11, registers.r12, registers.r13, registers.r14, registers.r15}) {
    gathering.follow(gathering.add(value, kBefore, kLevels[0]), ~size_t{0}, 1);
  }
  // Operands relative to rip: any four bytes of the code around that would reach writable memory are taken for one.
  uint8_t code[2 * kCodeWindow + 8] = {};
  const uint64_t codeStart = registers.rip - kCodeWindow;
  const ssize_t got = memory.read(codeStart, code, sizeof code);
  for (ssize_t at = 0; at + 4 <= got; at++) {
    int32_t displacement;
    memcpy(&displacement, code + at, sizeof displacement);
    const uint64_t target = codeStart + static_cast<uint64_t>(at) + 4 + static_cast<uint64_t>(int64_t{displacement});
    gathering.add(target, 0, 24);
  }
  gathering.follow(stack, kRedZone + kPointerWindow, 0);
  return gathering.take();
}

}  // namespace rr
