// Writes a copy of the loop around a site, with the comparison at the site or behind it (matcher-stub.h shows it).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "patch/comparison-writer.h"
#include "patch/matcher-stub.h"

namespace rr {

class LoopWriter {
 public:
  // `request.loop` is there.
  explicit LoopWriter(const MatcherRequest& request);

  // False when the site lies in no loop, or in none that can be copied.
  bool exists() const noexcept { return exists_; }
  // Whether the comparison may change the status flags.
  bool changesFlags() const noexcept { return changesFlags_; }

  // To be called twice: addresses that lie ahead come from the first run.
  void write(CodeWriter& writer, ComparisonWriter& comparison);

  // As MatcherStub has them.
  uint64_t pass() const noexcept { return passAt_; }
  std::optional<ComparedEdge> edge() const noexcept { return edge_; }

 private:
  void chooseEdge();
  void writeEdge(CodeWriter& writer, ComparisonWriter& comparison, uint64_t target);
  uint64_t destination(uint64_t target) const noexcept;
  const FlowNode& node(size_t index) const noexcept { return code_.graph[index]; }

  const MatcherRequest& request_;
  const SiteCode& code_;
  std::vector<bool> copied_;      // of the graph's instructions
  std::vector<uint64_t> copies_;  // where they are
  bool exists_;
  bool changesFlags_;
  std::optional<ComparedEdge> edge_;
  uint64_t passAt_ = 0;
  uint64_t edgeAt_;  // the comparison of the edge that is taken
};

}  // namespace rr
