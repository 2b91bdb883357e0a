// The opcode maps as tables: what follows each opcode. 64-bit mode only.
// Sources: Intel SDM volume 2, tables and the VEX and EVEX entries of the instruction reference; AMD APM
// volume 4 (FMA4) and volume 6 of 2015 (XOP).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace rr::opcodes {

// What follows an opcode. Flags that combine, but for `undefined` and `prefix`, which stand alone.
enum Shape : uint16_t {
  undefined = 0,
  known = 1,               // nothing follows
  modrm = 1 << 1,          // ModRM, and with it SIB and displacement
  imm8 = 1 << 2,           //
  imm16 = 1 << 3,          //
  immOperand = 1 << 4,     // 2 bytes with operand-size prefix, else 4
  immFull = 1 << 5,        // 2, 4, or with REX.W 8 bytes: mov reg, imm
  address = 1 << 6,        // 8 bytes, with address-size prefix 4: mov al, moffs
  relative8 = 1 << 7,      //
  relative32 = 1 << 8,     //
  prefix = 1 << 9,         // prefix or escape: decoded before the tables are asked
  testImmediate = 1 << 10  // immediate only for /0 and /1: the test forms of group 3
};

using Map = std::array<uint16_t, 256>;

constexpr void setRange(Map& map, unsigned first, unsigned last, unsigned shape) {
  for (unsigned opcode = first; opcode <= last; opcode++) map[opcode] = static_cast<uint16_t>(shape | known);
}

constexpr void setEach(Map& map, std::initializer_list<unsigned> opcodes, unsigned shape) {
  for (const unsigned opcode : opcodes) map[opcode] = static_cast<uint16_t>(shape | known);
}

constexpr void clearEach(Map& map, std::initializer_list<unsigned> opcodes) {
  for (const unsigned opcode : opcodes) map[opcode] = undefined;
}

constexpr Map makePrimaryMap() {
  Map map{};
  for (unsigned row = 0x00; row < 0x40; row += 8) {  // add, or, adc, sbb, and, sub, xor, cmp
    setRange(map, row, row + 3, modrm);
    setEach(map, {row + 4}, imm8);
    setEach(map, {row + 5}, immOperand);
  }
  setRange(map, 0x50, 0x5f, 0);
  setEach(map, {0x63}, modrm);
  setEach(map, {0x68}, immOperand);
  setEach(map, {0x69}, modrm | immOperand);
  setEach(map, {0x6a}, imm8);
  setEach(map, {0x6b}, modrm | imm8);
  setRange(map, 0x6c, 0x6f, 0);
  setRange(map, 0x70, 0x7f, relative8);
  setEach(map, {0x80, 0x83}, modrm | imm8);
  setEach(map, {0x81}, modrm | immOperand);
  setRange(map, 0x84, 0x8f, modrm);
  setRange(map, 0x90, 0x99, 0);
  setRange(map, 0x9b, 0x9f, 0);
  setRange(map, 0xa0, 0xa3, address);
  setRange(map, 0xa4, 0xa7, 0);
  setEach(map, {0xa8}, imm8);
  setEach(map, {0xa9}, immOperand);
  setRange(map, 0xaa, 0xaf, 0);
  setRange(map, 0xb0, 0xb7, imm8);
  setRange(map, 0xb8, 0xbf, immFull);
  setEach(map, {0xc0, 0xc1, 0xc6}, modrm | imm8);
  setEach(map, {0xc7}, modrm | immOperand);
  setEach(map, {0xc2, 0xca}, imm16);
  setEach(map, {0xc3, 0xc9, 0xcb, 0xcc, 0xcf}, 0);
  setEach(map, {0xc8}, imm16 | imm8);  // enter
  setEach(map, {0xcd}, imm8);
  setRange(map, 0xd0, 0xd3, modrm);
  setEach(map, {0xd7}, 0);
  setRange(map, 0xd8, 0xdf, modrm);
  setRange(map, 0xe0, 0xe3, relative8);
  setRange(map, 0xe4, 0xe7, imm8);
  setEach(map, {0xe8, 0xe9}, relative32);
  setEach(map, {0xeb}, relative8);
  setRange(map, 0xec, 0xef, 0);
  setEach(map, {0xf1, 0xf4, 0xf5}, 0);
  setEach(map, {0xf6, 0xf7}, modrm | testImmediate);
  setRange(map, 0xf8, 0xfd, 0);
  setEach(map, {0xfe, 0xff}, modrm);
  for (const unsigned opcode :
       {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x62, 0x64, 0x65, 0x66, 0x67, 0xc4, 0xc5, 0xf0, 0xf2, 0xf3})
    map[opcode] = prefix;
  for (unsigned opcode = 0x40; opcode < 0x50; opcode++) map[opcode] = prefix;  // REX
  return map;
}

constexpr Map make0fMap() {
  Map map{};
  setRange(map, 0x00, 0x03, modrm);
  setRange(map, 0x05, 0x09, 0);
  setEach(map, {0x0b}, 0);
  setEach(map, {0x0d}, modrm);
  setRange(map, 0x10, 0x23, modrm);
  setRange(map, 0x28, 0x2f, modrm);
  setRange(map, 0x30, 0x35, 0);
  setEach(map, {0x37}, 0);
  setRange(map, 0x40, 0x6f, modrm);
  setRange(map, 0x70, 0x73, modrm | imm8);
  setRange(map, 0x74, 0x76, modrm);
  setEach(map, {0x77}, 0);
  setEach(map, {0x78, 0x79}, modrm);
  setRange(map, 0x7c, 0x7f, modrm);
  setRange(map, 0x80, 0x8f, relative32);
  setRange(map, 0x90, 0x9f, modrm);
  setEach(map, {0xa0, 0xa1, 0xa2, 0xa8, 0xa9, 0xaa}, 0);
  setEach(map, {0xa3, 0xa5, 0xab, 0xad, 0xae, 0xaf}, modrm);
  setEach(map, {0xa4, 0xac}, modrm | imm8);
  setRange(map, 0xb0, 0xb9, modrm);
  setEach(map, {0xba}, modrm | imm8);
  setRange(map, 0xbb, 0xc1, modrm);
  setEach(map, {0xc2, 0xc4, 0xc5, 0xc6}, modrm | imm8);
  setEach(map, {0xc3, 0xc7}, modrm);
  setRange(map, 0xc8, 0xcf, 0);
  setRange(map, 0xd0, 0xff, modrm);
  map[0x38] = map[0x3a] = prefix;
  return map;
}

constexpr Map make0f38Map() {
  Map map{};
  setRange(map, 0x00, 0x0b, modrm);
  setEach(map, {0x10, 0x14, 0x15, 0x17, 0x1c, 0x1d, 0x1e}, modrm);
  setRange(map, 0x20, 0x25, modrm);
  setRange(map, 0x28, 0x2b, modrm);
  setRange(map, 0x30, 0x41, modrm);
  setRange(map, 0x80, 0x82, modrm);
  setRange(map, 0xc8, 0xcd, modrm);
  setEach(map, {0xcf, 0xd8}, modrm);
  setRange(map, 0xdb, 0xdf, modrm);
  setEach(map, {0xf0, 0xf1, 0xf5, 0xf6, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc}, modrm);
  return map;
}

constexpr Map make0f3aMap() {
  Map map{};
  setRange(map, 0x08, 0x0f, modrm | imm8);
  setRange(map, 0x14, 0x17, modrm | imm8);
  setRange(map, 0x20, 0x22, modrm | imm8);
  setEach(map, {0x40, 0x41, 0x42, 0x44}, modrm | imm8);
  setRange(map, 0x60, 0x63, modrm | imm8);
  setEach(map, {0xcc, 0xce, 0xcf, 0xdf, 0xf0}, modrm | imm8);
  return map;
}

inline constexpr Map kPrimary = makePrimaryMap();
inline constexpr Map k0f = make0fMap();
inline constexpr Map k0f38 = make0f38Map();
inline constexpr Map k0f3a = make0f3aMap();

// Maps behind VEX, EVEX and XOP: which opcodes exist, 16 a row, lowest bit first. All of them have a ModRM byte but
// VEX 0x77 (vzeroupper, vzeroall).
using KnownOpcodes = std::array<uint16_t, 16>;

constexpr bool isKnown(const KnownOpcodes& map, uint8_t opcode) { return (map[opcode >> 4] >> (opcode & 15) & 1) != 0; }

// clang-format off
//                                       0x      1x      2x      3x      4x      5x      6x      7x
//                                       8x      9x      Ax      Bx      Cx      Dx      Ex      Fx
inline constexpr KnownOpcodes kVex0f = {
    0x0000, 0x00ff, 0xff00, 0x0000, 0x0cf6, 0xffff, 0xffff, 0xf0ff,
    0x0000, 0x030f, 0x4000, 0x0000, 0x0074, 0xffff, 0xffff, 0x7fff};
inline constexpr KnownOpcodes kVex0f38 = {
    0xffff, 0x77c8, 0xff3f, 0xffff, 0x0ae3, 0x570f, 0x1000, 0x0304,
    0x5000, 0xffcf, 0xffc0, 0xfff3, 0xb800, 0xfc0c, 0xffff, 0x00ec};
inline constexpr KnownOpcodes kVex0f3a = {
    0xff77, 0x23f0, 0x0007, 0x030f, 0x1f57, 0xf000, 0xff0f, 0xff00,
    0x0000, 0x0000, 0x0000, 0x0000, 0xc000, 0xc000, 0x0000, 0x0001};
inline constexpr KnownOpcodes kEvex0f = {
    0x0000, 0x00ff, 0xff00, 0x0000, 0x0000, 0xfff2, 0xffff, 0xcf7f,
    0x0000, 0x0000, 0x0000, 0x0000, 0x0074, 0xfffe, 0xffff, 0x7ffe};
inline constexpr KnownOpcodes kEvex0f38 = {
    0x3811, 0xff7f, 0xffff, 0xffff, 0xf0fd, 0x0f3f, 0x017c, 0xffef,
    0xaf08, 0xffcf, 0xffcf, 0xfff0, 0xbdd0, 0xf000, 0x0000, 0x0000};
inline constexpr KnownOpcodes kEvex0f3a = {
    0x8f3b, 0xeff0, 0x00ef, 0xcf00, 0x001c, 0x00f3, 0x00c0, 0x000f,
    0x0000, 0x0000, 0x0000, 0x0000, 0xc004, 0x0000, 0x0000, 0x0000};
inline constexpr KnownOpcodes kEvex5 = {
    0x0000, 0x2003, 0xf400, 0x0000, 0x0000, 0xff02, 0x4000, 0x7f00,
    0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000};
inline constexpr KnownOpcodes kEvex6 = {
    0x0000, 0x0008, 0x3000, 0x0000, 0xf00c, 0x00c0, 0x0000, 0x0000,
    0x0000, 0xffc0, 0xffc0, 0xffc0, 0x0000, 0x00c0, 0x0000, 0x0000};
inline constexpr KnownOpcodes kXop8 = {
    0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000,
    0xc0e0, 0xc0e0, 0x004c, 0x0040, 0xf00f, 0x0000, 0xf000, 0x0000};
inline constexpr KnownOpcodes kXop9 = {
    0x0006, 0x0004, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000,
    0x000f, 0x0fff, 0x0000, 0x0000, 0x08ce, 0x08ce, 0x000e, 0x0000};
inline constexpr KnownOpcodes kXopA = {
    0x0000, 0x0005, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000,
    0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000, 0x0000};
// clang-format on

// True for the opcodes of the 0x0f map that carry an immediate byte, behind VEX and EVEX.
constexpr bool hasVectorImmediate(uint8_t opcode) {
  return (opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 || (opcode >= 0xc4 && opcode <= 0xc6);
}

}  // namespace rr::opcodes
