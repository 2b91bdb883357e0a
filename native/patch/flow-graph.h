// The instructions around a site: which follows which, and the loop that the site lies in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/instruction.h"

namespace rr {

// Bytes of a program's code, as the program has them: without patches of ours.
struct CodeWindow {
  uint64_t address = 0;
  std::span<const uint8_t> bytes;

  // What is there of the code from `at` on; empty when `at` lies outside.
  std::span<const uint8_t> from(uint64_t at) const noexcept;
};

struct FlowNode {
  Instruction instruction;
  uint64_t address = 0;
  // Indexes of the instructions that come next: the one behind it, and a branch's target.
  std::array<std::optional<uint16_t>, 2> successors{};
  // Also, or only, something comes next that is not in the graph: a call's target, what an indirect jump leads to, code
  // outside of the window or beyond the limit.
  bool leaves = false;

  uint64_t next() const noexcept { return address + instruction.length; }
};

// Ascending by address. Instructions may overlap, where the program jumps into one.
using FlowGraph = std::vector<FlowNode>;

// What control can come to from `site` on, the nearest first, at most `most` instructions (below 65,535) of the window.
// Calls are not followed, neither into nor behind them. Empty when there is no instruction at `site`.
FlowGraph followControl(const CodeWindow& window, uint64_t site, size_t most);

// For each instruction whether control comes back to `site` from it by `allowed` instructions: the loops around the
// site that have no call. All false when there is none.
std::vector<bool> loopsThrough(const FlowGraph& graph, uint64_t site, const std::vector<bool>& allowed);

// The index of the instruction at `address`.
std::optional<size_t> indexOf(const FlowGraph& graph, uint64_t address) noexcept;

}  // namespace rr
