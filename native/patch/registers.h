// The sixteen general registers by their number in instruction encodings.
#pragma once

#include <sys/user.h>

#include <cstdint>

namespace rr {

enum class GeneralRegister : uint8_t { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

inline constexpr unsigned kGeneralRegisters = 16;

// The status flags, which arithmetic sets: OF, SF, ZF, AF, PF, CF.
inline constexpr uint64_t kStatusFlags = 0x8d5;

// The register's field in the kernel's structure.
inline unsigned long long& registerField(user_regs_struct& registers, GeneralRegister which) noexcept {
  switch (which) {
    case GeneralRegister::rax:
      return registers.rax;
    case GeneralRegister::rcx:
      return registers.rcx;
    case GeneralRegister::rdx:
      return registers.rdx;
    case GeneralRegister::rbx:
      return registers.rbx;
    case GeneralRegister::rsp:
      return registers.rsp;
    case GeneralRegister::rbp:
      return registers.rbp;
    case GeneralRegister::rsi:
      return registers.rsi;
    case GeneralRegister::rdi:
      return registers.rdi;
    case GeneralRegister::r8:
      return registers.r8;
    case GeneralRegister::r9:
      return registers.r9;
    case GeneralRegister::r10:
      return registers.r10;
    case GeneralRegister::r11:
      return registers.r11;
    case GeneralRegister::r12:
      return registers.r12;
    case GeneralRegister::r13:
      return registers.r13;
    case GeneralRegister::r14:
      return registers.r14;
    case GeneralRegister::r15:
      break;
  }
  return registers.r15;
}

}  // namespace rr
