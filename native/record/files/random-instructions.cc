#include "record/files/random-instructions.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>

#include "record/files/function-code.h"

namespace rr {

namespace {

constexpr uint8_t kEscape = 0x0f;
constexpr uint8_t kRandomOpcode = 0xc7;
constexpr unsigned kRandom = 6;  // ModRM.reg
constexpr unsigned kSeed = 7;
constexpr uint8_t kRepeat = 0xf3;  // makes 0f c7 /7 rdpid

// How far behind it the carry flag is looked at, in instructions.
constexpr int kLookAhead = 8;

// So much of a file is in memory at once, with what may matter around it. Whole pages.
constexpr uint64_t kWindow = 1 << 20;
constexpr uint64_t kContext = 4096;

constexpr uint64_t kCarry = 1;
// CF, PF, AF, ZF, SF, OF.
constexpr uint64_t kArithmeticFlags = 0x8d5;

// How far behind a time stamp its halves are looked at, in instructions.
constexpr int kLookAheadForTime = 24;

bool isRandom(const Instruction& instruction) {
  return instruction.encoding == InstructionEncoding::legacy && instruction.map == OpcodeMap::x0f &&
         instruction.opcode == kRandomOpcode && instruction.mod == 3 && instruction.repeatPrefix != kRepeat &&
         ((instruction.reg & 7) == kRandom || (instruction.reg & 7) == kSeed);
}

// jb, jae, jbe, ja, setcc, cmovcc, adc, sbb, rcl and rcr do.
bool readsCarry(const Instruction& instruction) {
  if (instruction.encoding != InstructionEncoding::legacy) return false;
  const uint8_t opcode = instruction.opcode;
  const uint8_t condition = opcode & 0x0f;
  const bool onCarry = condition == 2 || condition == 3 || condition == 6 || condition == 7;
  if (instruction.map == OpcodeMap::primary) {
    if ((opcode & 0xf0) == 0x70) return onCarry;
    if (opcode >= 0x10 && opcode <= 0x1d) return (opcode & 7) <= 5;
    const unsigned operation = instruction.reg & 7;
    if (opcode >= 0x80 && opcode <= 0x83) return operation == 2 || operation == 3;
    return ((opcode >= 0xd0 && opcode <= 0xd3) || opcode == 0xc0 || opcode == 0xc1) &&
           (operation == 2 || operation == 3);
  }
  if (instruction.map != OpcodeMap::x0f) return false;
  const uint8_t family = opcode & 0xf0;
  return (family == 0x40 || family == 0x80 || family == 0x90) && onCarry;
}

bool carryIsRead(std::span<const uint8_t> code) {
  for (int i = 0; i < kLookAhead; i++) {
    const DecodedInstruction decoded = decodeInstruction(code);
    if (!decoded) return false;
    if (readsCarry(decoded.instruction)) return true;
    code = code.subspan(decoded.instruction.length);
  }
  return false;
}

// General registers by their numbers in machine code.
constexpr uint8_t kRax = 0;
constexpr uint8_t kRdx = 2;

// Shifts rdx to the upper half, or hands on what is in rax or rdx by mov, add, or, sub.
bool readsStamp(const Instruction& instruction) {
  if (instruction.encoding != InstructionEncoding::legacy || instruction.map != OpcodeMap::primary) return false;
  constexpr uint8_t kShiftLeft = 4;
  switch (instruction.opcode) {
    case 0xc1:  // shl $n, r/m
      return instruction.mod == 3 && instruction.reg == kShiftLeft && instruction.rm == kRdx;
    case 0x01:  // add r, r/m
    case 0x09:  // or
    case 0x29:  // sub
    case 0x89:  // mov
      return instruction.reg == kRax || instruction.reg == kRdx;
    case 0x03:  // add r/m, r
    case 0x0b:  // or
    case 0x2b:  // sub
    case 0x8b:  // mov
      return instruction.mod == 3 && (instruction.rm == kRax || instruction.rm == kRdx);
    default:
      return instruction.kind == InstructionKind::nearReturn;
  }
}

// Whether what follows, from `offset` on, reads what the counter gave, over jumps.
bool stampIsRead(std::span<const uint8_t> code, uint64_t offset) {
  for (int i = 0; i < kLookAheadForTime; i++) {
    const DecodedInstruction decoded = decodeInstruction(code.subspan(offset));
    if (!decoded) return false;
    const Instruction& instruction = decoded.instruction;
    if (readsStamp(instruction)) return true;
    const uint64_t address = offset;
    offset += instruction.length;
    if (instruction.kind != InstructionKind::relativeJump) continue;
    const std::optional<uint64_t> target = branchTarget(instruction, address);
    if (!target || *target >= code.size()) return false;
    offset = *target;
  }
  return false;
}

// rax, rcx, rdx or rbx as an operand of one of the instructions that follow.
bool identityIsRead(std::span<const uint8_t> code) {
  constexpr uint8_t kRbx = 3;
  for (int i = 0; i < kLookAheadForTime; i++) {
    const DecodedInstruction decoded = decodeInstruction(code);
    if (!decoded) return false;
    const Instruction& instruction = decoded.instruction;
    if (instruction.hasModrm && instruction.encoding == InstructionEncoding::legacy &&
        (instruction.map == OpcodeMap::primary || instruction.map == OpcodeMap::x0f)) {
      if (instruction.reg <= kRbx || (instruction.mod == 3 && instruction.rm <= kRbx)) return true;
    }
    code = code.subspan(instruction.length);
  }
  return false;
}

// A byte that may be one to replace.
struct Candidate {
  ReplacedByte byte;
  bool isUsed;  // what follows uses what such an instruction gives
};

// What looks like an rdrand or rdseed in the code.
void addRandomCandidates(std::span<const uint8_t> code, std::vector<Candidate>& found) {
  constexpr uint8_t kPattern[2] = {kEscape, kRandomOpcode};
  const uint8_t* const end = code.data() + code.size();
  for (const uint8_t* at = code.data(); at < end; at++) {
    at = static_cast<const uint8_t*>(memmem(at, static_cast<size_t>(end - at), kPattern, sizeof kPattern));
    if (at == nullptr) return;
    const auto escape = static_cast<uint64_t>(at - code.data());
    if (escape + 2 >= code.size() || code[escape + 2] < 0xf0) continue;
    found.push_back({{escape + 1, kRandomTrapOpcode}, carryIsRead(code.subspan(escape + 3))});
  }
}

// The same for rdtsc, rdtscp and cpuid.
void addOtherCandidates(std::span<const uint8_t> code, OtherInstructions others, std::vector<Candidate>& found) {
  constexpr uint8_t kRdtsc[] = {kEscape, 0x31};
  constexpr uint8_t kRdtscp[] = {kEscape, 0x01, 0xf9};
  constexpr uint8_t kCpuid[] = {kEscape, 0xa2};
  const auto find = [&](std::span<const uint8_t> pattern, uint8_t value, auto isRead) {
    const uint8_t* const end = code.data() + code.size();
    for (const uint8_t* at = code.data(); at < end; at++) {
      at = static_cast<const uint8_t*>(memmem(at, static_cast<size_t>(end - at), pattern.data(), pattern.size()));
      if (at == nullptr) return;
      const uint64_t behind = static_cast<uint64_t>(at - code.data()) + pattern.size();
      found.push_back({{behind - 1, value}, isRead(behind)});
    }
  };
  const auto stamp = [&](uint64_t behind) { return stampIsRead(code, behind); };
  if (others.time) {
    find(kRdtsc, kRdtscTrapOpcode, stamp);
    find(kRdtscp, kRdtscpTrapByte, stamp);
  }
  if (!others.identity) return;
  find(kCpuid, kCpuidTrapOpcode, [&](uint64_t behind) { return identityIsRead(code.subspan(behind)); });
}

// Whether the instruction is the one that the byte is to change. The emulation knows rdtsc, rdtscp and cpuid without
// prefixes alone, which have no meaning there.
bool isChangedBy(const CertainInstruction& certain, const ReplacedByte& byte) {
  const Instruction& instruction = certain.instruction;
  const uint64_t opcode = certain.offset + instruction.opcodeOffset;
  switch (byte.value) {
    case kRandomTrapOpcode:
      return isRandom(instruction) && opcode == byte.offset;
    case kRdtscTrapOpcode:
      return instruction.kind == InstructionKind::readTimestamp && instruction.length == 2 && opcode == byte.offset;
    case kRdtscpTrapByte:
      return instruction.kind == InstructionKind::readTimestampAux && instruction.length == 3 &&
             opcode + 1 == byte.offset;
    case kCpuidTrapOpcode:
      return instruction.kind == InstructionKind::processorIdentity && instruction.length == 2 && opcode == byte.offset;
    default:
      return false;
  }
}

// In a part of a file.
std::vector<Candidate> candidatesIn(int descriptor, uint64_t offset, uint64_t length, OtherInstructions others) {
  std::vector<Candidate> candidates;
  for (uint64_t start = 0; start < length; start += kWindow) {
    const uint64_t from = start - std::min(start, kContext);
    const uint64_t size = std::min(length, start + kWindow + kContext) - from;
    void* const memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, static_cast<off_t>(offset + from));
    if (memory == MAP_FAILED) continue;
    const std::span code(static_cast<const uint8_t*>(memory), size);
    std::vector<Candidate> found;
    addRandomCandidates(code, found);
    addOtherCandidates(code, others, found);
    munmap(memory, size);
    for (Candidate& candidate : found) {
      uint64_t& at = candidate.byte.offset;
      at += from;
      if (at >= start && at < start + kWindow) candidates.push_back(candidate);
    }
  }
  std::ranges::sort(candidates, {}, [](const Candidate& each) { return each.byte.offset; });
  return candidates;
}

}  // namespace

std::vector<ReplacedByte> findRandomInstructions(int descriptor, uint64_t offset, uint64_t length,
                                                 OtherInstructions others) {
  const std::vector<Candidate> candidates = candidatesIn(descriptor, offset, length, others);
  std::vector<uint64_t> places;
  for (const Candidate& each : candidates) places.push_back(offset + each.byte.offset);
  const auto certain = certainInstructions(descriptor, places);
  std::vector<ReplacedByte> found;
  for (size_t i = 0; i < candidates.size(); i++) {
    const ReplacedByte& byte = candidates[i].byte;
    if (!certain[i] || !isChangedBy(*certain[i], {places[i], byte.value})) continue;
    // A program may take a time stamp or a number and drop it. Then that the code is reached must be seen.
    if (candidates[i].isUsed || certain[i]->reached) found.push_back(byte);
  }
  return found;
}

const std::vector<ReplacedByte>& RandomInstructions::inFile(LinkedFile& file, uint64_t offset, uint64_t length,
                                                            OtherInstructions others) {
  static const std::vector<ReplacedByte> kNone;
  if (!file.isRegular() || file.identity()->st_size < 0) return kNone;
  const struct stat& identity = *file.identity();
  const uint64_t size = static_cast<uint64_t>(identity.st_size);
  if (offset >= size) return kNone;
  length = std::min(length, size - offset);
  const int64_t changed = int64_t{identity.st_ctim.tv_sec} * 1'000'000'000 + identity.st_ctim.tv_nsec;
  const Part part = {identity.st_dev, identity.st_ino, identity.st_size, changed, offset, length};
  if (const auto found = known_.find(part); found != known_.end()) return found->second;
  if (!file.open()) return kNone;
  return known_[part] = findRandomInstructions(file.descriptor(), offset, length, others);
}

bool isRandomTrap(const Instruction& instruction) {
  return instruction.encoding == InstructionEncoding::legacy && instruction.map == OpcodeMap::x0f &&
         instruction.opcode == kRandomTrapOpcode && instruction.mod == 3 &&
         ((instruction.reg & 7) == kRandom || (instruction.reg & 7) == kSeed);
}

bool emulateRandom(const Instruction& instruction, user_regs_struct& registers) {
  uint64_t number;
  if (getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) return false;
  unsigned long long* const order[16] = {&registers.rax, &registers.rcx, &registers.rdx, &registers.rbx,
                                         &registers.rsp, &registers.rbp, &registers.rsi, &registers.rdi,
                                         &registers.r8,  &registers.r9,  &registers.r10, &registers.r11,
                                         &registers.r12, &registers.r13, &registers.r14, &registers.r15};
  constexpr uint8_t kRexW = 8;
  unsigned long long& target = *order[instruction.rm & 15];
  if ((instruction.rex & kRexW) != 0) {
    target = number;
  } else if (instruction.operandSizePrefix) {
    target = (target & ~0xffffULL) | (number & 0xffff);
  } else {
    target = static_cast<uint32_t>(number);
  }
  registers.eflags = (registers.eflags & ~kArithmeticFlags) | kCarry;
  registers.rip += instruction.length;
  return true;
}

}  // namespace rr
