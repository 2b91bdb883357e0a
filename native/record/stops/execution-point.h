// What is known of a point in mid-code: at which instructions a task may be stopped, and the memory that tells the
// point from others at the same address. docs/execution-points.md.
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <span>
#include <vector>

#include "tracee/tracee.h"

namespace rr {

// A forced stop that is put off (put-off.cc) comes after this much more. Nanoseconds.
inline constexpr uint64_t kPutOffTick = 100'000;

enum class SiteKind : uint8_t {
  legal,
  traps,     // its execution is an event, or a signal, in itself
  stepOver,  // a call: a matcher cannot take its place
  runOver,   // must not be stepped (rep, pushf): run to the instruction behind it
};

struct SiteFacts {
  SiteKind kind;
  uint8_t length;              // bytes; 0 where it cannot be decoded
  bool holdsConstant = false;  // that a JIT compiler might read or change
};

// Judges the instruction that begins at `code`: kLongestInstruction bytes, or fewer where memory ends.
SiteFacts examineSite(std::span<const uint8_t> code);

struct PointMemory {
  uint64_t address;
  std::vector<uint8_t> bytes;
};

// The stack around rsp, what registers and stack point to, what those words point to, and the operands near rip.
// Pieces may overlap; a few KB in all. Only memory in `maps` is taken, which are the program's own (readProgramMaps):
// any word may look like a pointer to memory that replay does not have.
std::vector<PointMemory> pointMemory(std::span<const MapLine> maps, const TraceeMemory& memory,
                                     const user_regs_struct& registers);

}  // namespace rr
