// Builds the code that a patched site jumps to while several sites are counted at once: it counts each pass, and of
// those for which a filter holds it notes the number of the last one and its place in the order of all sites, and traps
// at one of them. The program sees nothing of it, as of a matcher stub (matcher-stub.h), of whose kind it is.
//
//   stub:        mov [data.rcx], rcx
//                count in data.counter
//                lea rcx, [rsp - S]; the filter's verdict in rcx      no flags
//                jrcxz match; jmp rest
//   match:       data.lastMatch = the count; data.order = ++order; --data.left
//                jrcxz trap; jmp rest
//   trap:        mov rcx, [data.rcx]; int3; jmp pass
//   rest:        mov rcx, [data.rcx]
//   pass:        the instruction
//                jmp behind the site
//
// Some 2 ns a pass.
#pragma once

#include <cstdint>
#include <span>

#include "patch/matcher-stub.h"

namespace rr {

// Of the passes of a site, which ones match.
enum class PassFilter : uint8_t {
  all = 0,
  stackIs = 1,       // rsp is a value
  stackAtLeast = 2,  // rsp is that value or above: frames that are not within another one
};

// A stub's data, as MatcherData is laid out.
struct alignas(64) PassData {
  MatcherData program;     // its counter: passes
  uint64_t lastMatch = 0;  // the number of the last pass that matched; 0: none
  uint64_t order = 0;      // of that among the matches of all sites, from 1 on
  uint64_t left = 0;       // matches before the trap
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
  uint64_t value = 0;  // of the filter
};

// Its data is to be a PassData, whose `left` the caller sets; initialData is not used. Never a trap where `left` is 0.
MatcherStub buildPassStub(const PassRequest& request);

}  // namespace rr
