#include "patch/code-writer.h"

#include <cstring>

namespace rr {

namespace {

constexpr unsigned number(GeneralRegister which) { return static_cast<unsigned>(which); }

bool fitsSigned32(int64_t value) noexcept { return value == static_cast<int32_t>(value); }

}  // namespace

Operand Operand::of(GeneralRegister which) noexcept {
  return {.kind = Kind::general, .base = static_cast<uint8_t>(which)};
}

Operand Operand::at(uint64_t address) noexcept { return {.kind = Kind::absolute, .address = address}; }

Operand Operand::at(GeneralRegister base, int32_t displacement) noexcept {
  return {.kind = Kind::based, .base = static_cast<uint8_t>(base), .displacement = displacement};
}

Operand Operand::sum(GeneralRegister base, GeneralRegister index) noexcept {
  return {.kind = Kind::sum, .base = static_cast<uint8_t>(base), .index = static_cast<uint8_t>(index)};
}

bool inReach(uint64_t from, uint64_t to) noexcept { return fitsSigned32(static_cast<int64_t>(to - from)); }

void CodeWriter::begin() {
  CodeBoundary boundary = state;
  boundary.offset = static_cast<uint32_t>(code_.size());
  boundaries_.push_back(boundary);
}

void CodeWriter::number(uint64_t value, unsigned size) {
  for (unsigned i = 0; i < size; i++) byte(static_cast<unsigned>(value >> (8 * i)));
}

// The distance to `target` of an instruction that ends `behind` bytes after this field.
void CodeWriter::relative32(uint64_t target, unsigned behind) {
  const uint64_t end = here() + 4 + behind;
  if (!inReach(end, target)) outOfReach_ = true;
  number(target - end, 4);
}

// ModRM, SIB and displacement; `behind`: bytes of the instruction that follow.
void CodeWriter::modrm(unsigned reg, const Operand& operand, unsigned behind) {
  constexpr unsigned useSib = 4, noIndex = 4, noBase = 5;
  const unsigned regBits = (reg & 7) << 3;
  const unsigned base = operand.base & 7u;
  switch (operand.kind) {
    case Operand::Kind::general:
      byte(0xc0 | regBits | base);
      return;
    case Operand::Kind::absolute:
      if (inReach(here() + 5 + behind, operand.address) || operand.address >= 1u << 31) {
        byte(regBits | 5);
        relative32(operand.address, behind);
      } else {
        byte(regBits | useSib);
        byte(noIndex << 3 | noBase);
        number(operand.address, 4);
      }
      return;
    case Operand::Kind::based:
      byte(0x80 | regBits | base);
      if (base == useSib) byte(noIndex << 3 | base);
      number(static_cast<uint32_t>(operand.displacement), 4);
      return;
    case Operand::Kind::sum:
      // With a displacement of one byte, since rbp and r13 have no form without.
      byte(0x40 | regBits | useSib);
      byte((operand.index & 7u) << 3 | base);
      byte(0);
      return;
  }
}

// An instruction of optional mandatory prefix, REX, opcode and operand.
void CodeWriter::encode(unsigned prefix, bool wide, std::initializer_list<uint8_t> opcode, unsigned reg,
                        const Operand& operand, unsigned behind) {
  begin();
  if (prefix != 0) byte(prefix);
  const bool hasBase = operand.kind != Operand::Kind::absolute;
  const bool hasIndex = operand.kind == Operand::Kind::sum;
  const unsigned rex = (wide ? 8u : 0u) | (reg >= 8 ? 4u : 0u) | (hasIndex && operand.index >= 8 ? 2u : 0u) |
                       (hasBase && operand.base >= 8 ? 1u : 0u);
  if (rex != 0) byte(0x40 | rex);
  bytes(opcode);
  modrm(reg, operand, behind);
}

void CodeWriter::load(GeneralRegister into, const Operand& from) { encode(0, true, {0x8b}, rr::number(into), from); }

void CodeWriter::store(const Operand& into, GeneralRegister from) { encode(0, true, {0x89}, rr::number(from), into); }

void CodeWriter::loadAddress(GeneralRegister into, const Operand& from) {
  encode(0, true, {0x8d}, rr::number(into), from);
}

void CodeWriter::loadHalfAddress(GeneralRegister into, const Operand& from) {
  encode(0, false, {0x8d}, rr::number(into), from);
}

void CodeWriter::loadConstant(GeneralRegister into, uint64_t value) {
  const unsigned which = rr::number(into);
  begin();
  if (value <= UINT32_MAX) {
    if (which >= 8) byte(0x41);
    byte(0xb8 | (which & 7));
    number(value, 4);
  } else {
    byte(which >= 8 ? 0x49 : 0x48);
    byte(0xb8 | (which & 7));
    number(value, 8);
  }
}

void CodeWriter::loadWord(GeneralRegister into, const Operand& from) {
  encode(0, false, {0x0f, 0xb7}, rr::number(into), from);
}

void CodeWriter::compare(GeneralRegister left, GeneralRegister right) {
  encode(0, true, {0x3b}, rr::number(left), Operand::of(right));
}

void CodeWriter::compare(GeneralRegister left, int32_t right) {
  encode(0, true, {0x81}, 7, Operand::of(left), 4);
  number(static_cast<uint32_t>(right), 4);
}

void CodeWriter::compareHalf(const Operand& left, uint32_t right) {
  encode(0, false, {0x81}, 7, left, 4);
  number(right, 4);
}

void CodeWriter::addTo(const Operand& into, int8_t value) {
  encode(0, true, {0x83}, 0, into, 1);
  byte(static_cast<uint8_t>(value));
}

void CodeWriter::pushMemory(const Operand& from) { encode(0, false, {0xff}, 6, from); }

void CodeWriter::saveFlagsInRax() {
  instruction({0x9f});              // lahf
  instruction({0x0f, 0x90, 0xc0});  // seto al
}

void CodeWriter::restoreFlagsFromRax() {
  instruction({0x04, 0x7f});  // add al, 0x7f: overflows when al is 1
  instruction({0x9e});        // sahf: the other five
}

void CodeWriter::breakpoint() { instruction({0xcc}); }

void CodeWriter::moveVectorLow(GeneralRegister into, uint8_t vector) {
  encode(0x66, true, {0x0f, 0x7e}, vector, Operand::of(into));
}

void CodeWriter::storeVector(const Operand& into, uint8_t vector, unsigned size) {
  if (size == 16) {
    encode(0, false, {0x0f, 0x11}, vector, into);  // movups
    return;
  }
  begin();
  bytes({0xc5, static_cast<uint8_t>(vector >= 8 ? 0x7e : 0xfe), 0x7f});  // vmovdqu
  modrm(vector & 7u, into, 0);
}

void CodeWriter::storeVectorQuarter(const Operand& into, uint8_t vector, uint8_t quarter) {
  begin();
  // R and R' are inverted; X and B stay set for a memory operand without registers. EVEX.512.66.0F3A.W0.
  const unsigned extension = 0x60u | ((vector & 8u) != 0 ? 0 : 0x80u) | ((vector & 16u) != 0 ? 0 : 0x10u);
  bytes({0x62, static_cast<uint8_t>(extension | 3), 0x7d, 0x48, 0x39});
  modrm(vector & 7u, into, 1);
  byte(quarter);
}

void CodeWriter::storeX87State(const Operand& into) { encode(0, true, {0x0f, 0xae}, 0, into); }

void CodeWriter::storeExtendedState(const Operand& into) { encode(0, true, {0x0f, 0xae}, 4, into); }

void CodeWriter::jump(uint64_t target) {
  begin();
  if (inReach(here() + 5, target)) {
    byte(0xe9);
    relative32(target);
  } else {
    bytes({0xff, 0x25, 0, 0, 0, 0});  // jmp [rip]
    number(target, 8);
  }
}

void CodeWriter::jumpIf(uint8_t condition, uint64_t target, const CodeBoundary& taken) {
  if (inReach(here() + 6, target)) {
    begin();
    bytes({0x0f, static_cast<uint8_t>(0x80 | condition)});
    relative32(target);
    return;
  }
  constexpr uint8_t farJump = 14;  // bytes
  instruction({static_cast<uint8_t>(0x70 | (condition ^ 1)), farJump});
  const CodeBoundary notTaken = std::exchange(state, taken);
  jump(target);
  state = notTaken;
}

CodeWriter::Forward CodeWriter::jumpIfNotEqual() {
  begin();
  bytes({0x0f, 0x85, 0, 0, 0, 0});
  return {code_.size() - 4, 4};
}

CodeWriter::Forward CodeWriter::jumpIfEqual() {
  begin();
  bytes({0x0f, 0x84, 0, 0, 0, 0});
  return {code_.size() - 4, 4};
}

CodeWriter::Forward CodeWriter::jumpIfRcxZero() {
  begin();
  bytes({0xe3, 0});
  return {code_.size() - 1, 1};
}

CodeWriter::Forward CodeWriter::jumpAhead() {
  begin();
  bytes({0xe9, 0, 0, 0, 0});
  return {code_.size() - 4, 4};
}

void CodeWriter::jumpIfRcxZero(uint64_t target) {
  begin();
  const auto distance = static_cast<int64_t>(target - (here() + 2));
  if (distance < INT8_MIN || distance > INT8_MAX) outOfReach_ = true;
  bytes({0xe3, static_cast<uint8_t>(distance)});
}

void CodeWriter::bind(Forward jump) noexcept {
  const size_t distance = code_.size() - jump.at - jump.size;
  if (jump.size == 1) {
    if (distance > INT8_MAX) outOfReach_ = true;
    code_[jump.at] = static_cast<uint8_t>(distance);
  } else {
    const auto value = static_cast<uint32_t>(distance);
    memcpy(&code_[jump.at], &value, sizeof value);
  }
}

void CodeWriter::instruction(std::span<const uint8_t> bytes) {
  begin();
  code_.insert(code_.end(), bytes.begin(), bytes.end());
}

void CodeWriter::instruction(std::initializer_list<uint8_t> bytes) {
  instruction(std::span<const uint8_t>(bytes.begin(), bytes.size()));
}

void CodeWriter::align(uint64_t alignment) {
  while (here() % alignment != 0) byte(0xcc);
}

void CodeWriter::data(uint64_t value) { number(value, 8); }

}  // namespace rr
