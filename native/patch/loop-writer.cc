#include "patch/loop-writer.h"

#include <algorithm>

#include "patch/copy-instruction.h"
#include "patch/flag-use.h"

namespace rr {

namespace {

// Where the copies begin: short loops lie in as few lines of the processor's code cache as can be. Bytes.
constexpr uint64_t kAlignment = 32;

Original originalOf(const SiteCode& code, const FlowNode& node) {
  return {node.instruction, node.address, code.window().from(node.address)};
}

}  // namespace

LoopWriter::LoopWriter(const MatcherRequest& request)
    : request_(request),
      code_(*request.loop),
      copies_(code_.graph.size(), request.codeAddress),
      changesFlags_(request.flagsAreDead),
      edgeAt_(request.codeAddress) {
  std::vector<bool> movable;
  for (const FlowNode& each : code_.graph) {
    const bool isMovable = refusalOf(originalOf(code_, each), request.codeAddress, false) == RelocationError::none;
    movable.push_back(isMovable);
  }
  copied_ = loopsThrough(code_.graph, request.site, movable);
  exists_ = std::ranges::find(copied_, true) != copied_.end();
  if (exists_ && !changesFlags_) chooseEdge();
}

// Where the site's branch makes use of flags that nobody needs behind it, on the way that it takes at the point.
void LoopWriter::chooseEdge() {
  const FlowNode& site = node(code_.site);
  if (site.instruction.kind != InstructionKind::conditionalJump || !request_.registers || request_.countPasses ||
      !std::holds_alternative<WordMatch>(request_.discriminator)) {
    return;
  }
  const uint8_t condition = site.instruction.opcode & 15;
  const bool taken = conditionHolds(condition, request_.registers->flags);
  const auto successor = site.successors[taken ? 1 : 0];
  if (!successor || !code_.flagsAreDeadAt(*successor)) return;
  edge_ = ComparedEdge{condition, taken, 0};
  changesFlags_ = true;
}

// Where a branch to the program's address `target` leads in the copy.
uint64_t LoopWriter::destination(uint64_t target) const noexcept {
  const auto index = indexOf(code_.graph, target);
  return index && copied_[*index] ? copies_[*index] : target;
}

void LoopWriter::writeEdge(CodeWriter& writer, ComparisonWriter& comparison, uint64_t target) {
  edgeAt_ = writer.here();
  writer.state.programAddress = target;
  comparison.writeTest();
  edge_->behind = writer.here();
}

void LoopWriter::write(CodeWriter& writer, ComparisonWriter& comparison) {
  const FlowNode& site = node(code_.site);
  const bool takenEdge = edge_ && edge_->taken;
  const uint64_t edgeTarget = takenEdge ? *branchTarget(site.instruction, site.address) : 0;
  bool edgeWritten = false;

  writer.state = {};
  writer.state.programAddress = request_.site;
  const CodeWriter::Forward entry = writer.jumpAhead();
  comparison.writeHop(request_.site);
  writer.align(kAlignment);
  const FlowNode* previous = nullptr;  // the last copy, when control goes on behind it
  const auto leavePrevious = [&] {
    if (previous == nullptr) return;
    writer.state.programAddress = previous->next();
    writer.jump(destination(previous->next()));
    previous = nullptr;
  };
  for (size_t i = 0; i < code_.graph.size(); i++) {
    if (!copied_[i]) continue;
    const FlowNode& each = node(i);
    if (previous != nullptr && previous->next() != each.address) leavePrevious();
    if (takenEdge && each.address == edgeTarget && previous == nullptr) {
      writeEdge(writer, comparison, edgeTarget);
      edgeWritten = true;
    }
    copies_[i] = writer.here();
    writer.state.programAddress = each.address;
    if (i == code_.site) {
      writer.bind(entry);
      // Branches to the site lead to the comparison, and the site itself lies behind it.
      if (!edge_) comparison.writeTest();
      passAt_ = writer.here();
    }
    const auto lead = [&](uint64_t target) {
      return takenEdge && i == code_.site && target == edgeTarget ? edgeAt_ : destination(target);
    };
    writeCopy(writer, originalOf(code_, each), lead);
    writer.state.passCounted = false;
    const bool fallsThrough = each.instruction.kind != InstructionKind::relativeJump;
    previous = fallsThrough ? &each : nullptr;
    if (edge_ && !takenEdge && i == code_.site) writeEdge(writer, comparison, each.next());
  }
  leavePrevious();
  if (takenEdge && !edgeWritten) {
    writeEdge(writer, comparison, edgeTarget);
    writer.jump(destination(edgeTarget));
  }
}

}  // namespace rr
