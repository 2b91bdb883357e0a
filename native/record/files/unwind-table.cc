#include "record/files/unwind-table.h"

#include <algorithm>

#include "record/files/frame-records.h"

namespace rr {

namespace {

constexpr uint8_t kNop = 0x00;  // DW_CFA_nop
// DW_CFA_def_cfa: rsp + 8; DW_CFA_offset: the return address (column 16) is 8 bytes below that.
constexpr uint8_t kAtCall[] = {0x0c, 0x07, 0x08, 0x90, 0x01};

}  // namespace

void describeAsFrameless(std::span<uint8_t> frames, uint64_t sectionOffset, std::span<const uint64_t> functions) {
  forEachFunction(frames, sectionOffset, [&](const FunctionFrame& function) {
    if (!function.isUsual || std::ranges::find(functions, function.begin) == functions.end()) return;
    const std::span<uint8_t> rules = frames.subspan(function.rulesOffset, function.rulesLength);
    std::ranges::fill(rules, kNop);
    // Else there was no room for other rules than those of the head, which are these at a function's first instruction.
    if (rules.size() >= sizeof kAtCall) std::ranges::copy(kAtCall, rules.begin());
  });
}

}  // namespace rr
