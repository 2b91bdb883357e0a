// Writes the few instructions that stubs are made of, at an address that is known beforehand.
//
// None of these instructions changes flags, but where said. Every instruction gets a boundary (boundary.h) with the
// `state` at the time it is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "patch/boundary.h"
#include "patch/registers.h"

namespace rr {

// The operand of an instruction: memory, or a register.
struct Operand {
  enum class Kind : uint8_t { general, absolute, based, sum } kind;
  uint8_t base = 0;   // register number, for general, based and sum
  uint8_t index = 0;  // register number, for sum: not rsp
  int32_t displacement = 0;
  uint64_t address = 0;

  // The register itself.
  static Operand of(GeneralRegister which) noexcept;
  // Memory at a fixed address, which must lie within 2 GB of the code or below 2 GB.
  static Operand at(uint64_t address) noexcept;
  // Memory at base + displacement.
  static Operand at(GeneralRegister base, int32_t displacement) noexcept;
  // Memory at base + index; `index` must not be rsp.
  static Operand sum(GeneralRegister base, GeneralRegister index) noexcept;
};

// True when a `jmp rel32` or a rip-relative operand whose instruction ends at `from` reaches `to`.
bool inReach(uint64_t from, uint64_t to) noexcept;

class CodeWriter {
 public:
  // `address`: where the code will be.
  explicit CodeWriter(uint64_t address) noexcept : address_(address) {}

  // What the next instruction's boundary will say; `offset` is filled in.
  CodeBoundary state;

  uint64_t here() const noexcept { return address_ + code_.size(); }
  std::span<const uint8_t> code() const noexcept { return code_; }
  const std::vector<CodeBoundary>& boundaries() const noexcept { return boundaries_; }
  std::vector<uint8_t> takeCode() noexcept { return std::move(code_); }
  std::vector<CodeBoundary> takeBoundaries() noexcept { return std::move(boundaries_); }
  // True when some operand was out of reach: the code is useless.
  bool outOfReach() const noexcept { return outOfReach_; }

  void load(GeneralRegister into, const Operand& from);                  // mov into, [from]
  void store(const Operand& into, GeneralRegister from);                 // mov [into], from
  void loadAddress(GeneralRegister into, const Operand& from);           // lea into, [from]
  void loadHalfAddress(GeneralRegister into, const Operand& from);       // lea into, [from]: its lower half, 32 bits
  void loadConstant(GeneralRegister into, uint64_t value);               // mov into, value
  void loadWord(GeneralRegister into, const Operand& from);              // movzx into, word [from]
  void compare(GeneralRegister left, GeneralRegister right);             // cmp: changes status flags
  void compare(GeneralRegister left, int32_t right);                     // cmp: changes status flags
  void compareHalf(const Operand& left, uint32_t right);                 // cmp dword: changes status flags
  void addTo(const Operand& into, int8_t value);                         // add qword: changes status flags
  void pushMemory(const Operand& from);                                  // push qword [from]
  void saveFlagsInRax();                                                 // lahf; seto al: two instructions
  void restoreFlagsFromRax();                                            // add al, 0x7f; sahf: sets the status flags
  void breakpoint();                                                     // int3
  void moveVectorLow(GeneralRegister into, uint8_t vector);              // movq into, xmm(0..15)
  void storeVector(const Operand& into, uint8_t vector, unsigned size);  // 16, 32 (ymm) bytes of 0..15
  // 16 bytes of zmm(0..31), the `quarter`-th (0..3): vextracti32x4.
  void storeVectorQuarter(const Operand& into, uint8_t vector, uint8_t quarter);

  void storeX87State(const Operand& into);  // fxsave64, 512 bytes, aligned to 16
  // xsave64 of the components in edx:eax, aligned to 64.
  void storeExtendedState(const Operand& into);

  // jmp, anywhere: through 8 bytes of address in the code where rel32 does not reach.
  void jump(uint64_t target);
  // jcc by the condition's number (0..15), anywhere; two instructions when rel32 does not reach. The state of the jump
  // that is taken then is `taken`.
  void jumpIf(uint8_t condition, uint64_t target, const CodeBoundary& taken);

  // jrcxz to code that lies within 128 bytes before this.
  void jumpIfRcxZero(uint64_t target);

  // Jumps forward within the code. `bind` lets the jump go to here; a jrcxz must be bound within 127 bytes.
  struct Forward {
    size_t at;  // offset of the distance
    uint8_t size;
  };
  Forward jumpIfNotEqual();
  Forward jumpIfEqual();
  Forward jumpIfRcxZero();
  Forward jumpAhead();
  void bind(Forward jump) noexcept;

  // Bytes of one instruction as they are.
  void instruction(std::span<const uint8_t> bytes);
  void instruction(std::initializer_list<uint8_t> bytes);
  // Bytes that no task executes, to a multiple of `alignment` as the address of what follows.
  void align(uint64_t alignment);
  // Bytes that no task executes.
  void data(uint64_t value);

 private:
  void begin();
  void byte(unsigned value) { code_.push_back(static_cast<uint8_t>(value)); }
  void bytes(std::initializer_list<uint8_t> values) { code_.insert(code_.end(), values); }
  void number(uint64_t value, unsigned size);
  void relative32(uint64_t target, unsigned behind = 0);
  void encode(unsigned prefix, bool wide, std::initializer_list<uint8_t> opcode, unsigned reg, const Operand& operand,
              unsigned behind = 0);
  void modrm(unsigned reg, const Operand& operand, unsigned behind);

  uint64_t address_;
  std::vector<uint8_t> code_;
  std::vector<CodeBoundary> boundaries_;
  bool outOfReach_ = false;
};

}  // namespace rr
