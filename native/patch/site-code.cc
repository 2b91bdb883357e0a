#include "patch/site-code.h"

#include "patch/flag-use.h"

namespace rr {

SiteCode exploreSite(uint64_t address, std::vector<uint8_t> bytes, uint64_t site) {
  SiteCode code;
  code.address = address;
  code.bytes = std::move(bytes);
  code.graph = followControl(code.window(), site, kSurroundings);
  code.needed = neededFlags(code.graph);
  code.site = indexOf(code.graph, site).value_or(0);
  return code;
}

bool SiteCode::leavesFlags() const noexcept {
  if (flagsAreDeadAt(site)) return true;
  const FlowNode& node = graph[site];
  if (node.instruction.kind != InstructionKind::conditionalJump || node.leaves) return false;
  return flagsAreDeadAt(*node.successors[0]) && flagsAreDeadAt(*node.successors[1]);
}

}  // namespace rr
