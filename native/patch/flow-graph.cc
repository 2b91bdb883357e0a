#include "patch/flow-graph.h"

#include <algorithm>
#include <functional>

namespace rr {

namespace {

// Control goes on behind the instruction, whatever it does.
bool fallsThrough(InstructionKind kind) noexcept {
  switch (kind) {
    case InstructionKind::relativeJump:
    case InstructionKind::relativeCall:
    case InstructionKind::indirectJump:
    case InstructionKind::indirectCall:
    case InstructionKind::nearReturn:
    case InstructionKind::farBranch:
    case InstructionKind::systemCall:
    case InstructionKind::otherSystemCall:
    case InstructionKind::breakpoint:
    case InstructionKind::undefined:
    case InstructionKind::beginTransaction:
      return false;
    default:
      return true;
  }
}

bool isFollowed(InstructionKind kind) noexcept {
  return kind == InstructionKind::relativeJump || kind == InstructionKind::conditionalJump ||
         kind == InstructionKind::loop;
}

// Where control can go, as addresses: behind the instruction, and to its target.
std::array<std::optional<uint64_t>, 2> targetsOf(const FlowNode& node) noexcept {
  std::array<std::optional<uint64_t>, 2> targets;
  if (fallsThrough(node.instruction.kind)) targets[0] = node.next();
  if (isFollowed(node.instruction.kind)) targets[1] = branchTarget(node.instruction, node.address);
  return targets;
}

}  // namespace

std::span<const uint8_t> CodeWindow::from(uint64_t at) const noexcept {
  if (at < address || at - address >= bytes.size()) return {};
  return bytes.subspan(at - address);
}

std::optional<size_t> indexOf(const FlowGraph& graph, uint64_t address) noexcept {
  const auto found = std::ranges::lower_bound(graph, address, std::ranges::less{}, &FlowNode::address);
  if (found == graph.end() || found->address != address) return std::nullopt;
  return static_cast<size_t>(found - graph.begin());
}

FlowGraph followControl(const CodeWindow& window, uint64_t site, size_t most) {
  FlowGraph graph;
  std::vector<bool> seen(window.bytes.size());
  std::vector<uint64_t> order = {site};
  if (!window.from(site).empty()) seen[site - window.address] = true;
  for (size_t i = 0; i < order.size() && graph.size() < most; i++) {
    const DecodedInstruction decoded = decodeInstruction(window.from(order[i]));
    if (!decoded) continue;
    graph.push_back({.instruction = decoded.instruction, .address = order[i]});
    for (const auto target : targetsOf(graph.back())) {
      if (!target || window.from(*target).empty() || seen[*target - window.address]) continue;
      seen[*target - window.address] = true;
      order.push_back(*target);
    }
  }
  std::ranges::sort(graph, std::ranges::less{}, &FlowNode::address);
  for (FlowNode& node : graph) {
    const auto targets = targetsOf(node);
    node.leaves = !targets[0] && !targets[1];
    for (size_t i = 0; i < targets.size(); i++) {
      if (!targets[i]) continue;
      const auto index = indexOf(graph, *targets[i]);
      if (index) node.successors[i] = static_cast<uint16_t>(*index);
      node.leaves = node.leaves || !index;
    }
  }
  if (!indexOf(graph, site)) graph.clear();
  return graph;
}

std::vector<bool> loopsThrough(const FlowGraph& graph, uint64_t site, const std::vector<bool>& allowed) {
  std::vector<bool> back(graph.size());
  const auto start = indexOf(graph, site);
  if (!start) return back;
  // Most branches lead forward: from the last instruction to the first it takes few rounds.
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = graph.size(); i-- > 0;) {
      if (back[i] || !allowed[i]) continue;
      for (const auto successor : graph[i].successors) {
        if (!successor || (*successor != *start && !back[*successor])) continue;
        back[i] = changed = true;
      }
    }
  }
  if (!back[*start]) back.assign(graph.size(), false);
  return back;
}

}  // namespace rr
