// Builds the code that a patched site jumps to while several sites are counted at once: it counts each pass, and of
// those for which a filter holds it notes the number of the last one and its place in the order of all sites, and traps
// at one of them. The program sees nothing of it, as of a matcher stub (matcher-stub.h), of whose kind it is.
//
//   stub:        mov [data.rcx], rcx
//                count in data.counter
//                lea rcx, [rsp - S]; the filter's verdict in rcx      no flags; or a condition's code
//                (condition-code.h) jrcxz match; jmp rest
//   match:       data.lastMatch = the count; data.order = ++order; --data.left
//                jrcxz trap; jmp rest
//   trap:        mov rcx, [data.rcx]; int3; jmp pass
//   rest:        at the limit: trap
//                mov rcx, [data.rcx]
//   pass:        the instruction
//                jmp behind the site
//
// Some 2 ns a pass; with a condition some 10.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "patch/condition-code.h"
#include "patch/matcher-stub.h"

namespace rr {

// Of the passes of a site, which ones match.
enum class PassFilter : uint8_t {
  all = 0,
  stackIs = 1,       // rsp is a value
  stackAtLeast = 2,  // rsp is that value or above: frames that are not within another one
  condition = 3,     // one of the conditions holds, or cannot be computed
};

// A stub's data, as MatcherData is laid out.
struct alignas(64) PassData {
  MatcherData program;     // its counter: passes
  uint64_t lastMatch = 0;  // the number of the last pass that matched; 0: none
  uint64_t order = 0;      // of that among the matches of all sites, from 1 on
  uint64_t left = 0;       // matches before the trap
  uint64_t rdx = 0;        // the program's, while a condition is computed
  std::array<uint64_t, kConditionDepth> stack{};
};

// gdb's bytecode of the conditions of one breakpoint.
using Conditions = std::vector<std::vector<uint8_t>>;

// The code that computes a condition. A fault there is none of the program's: the task is to go on at `failed`, where
// the pass matches.
struct ConditionCode {
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t failed = 0;

  bool holds(uint64_t rip) const { return rip >= start && rip < end; }
};

struct PassRequest {
  uint64_t codeAddress = 0;
  size_t codeCapacity = 0;    // bytes
  uint64_t dataAddress = 0;   // of a PassData: within 2 GB of the code, or below 2 GB
  uint64_t orderAddress = 0;  // eight bytes of the program's memory that all stubs count in
  uint64_t site = 0;
  std::span<const uint8_t> siteCode;  // the program's bytes at the site: the whole instruction
  uint8_t copyBytes = 1;              // as MatcherRequest::copyBytes
  PassFilter filter = PassFilter::all;
  uint64_t value = 0;                      // of the filter
  const Conditions* conditions = nullptr;  // of the filter
  uint32_t limit = 0;                      // the pass at which it traps, matching or not; below 2^31, 0: none
};

struct PassStub : MatcherStub {
  ConditionCode condition;
};

// Its data is to be a PassData, whose `left` the caller sets; initialData is not used. Never a trap where `left` is 0.
// The error is badOperand where a condition cannot be computed by code.
PassStub buildPassStub(const PassRequest& request);

}  // namespace rr
