#include "replay/point-hints.h"

#include <algorithm>

#include "patch/registers.h"

namespace rr {

namespace {

// So many sites; all are forgotten when there are more.
constexpr size_t kMostSites = 4096;
// Words of each, those that tell most.
constexpr size_t kMostWords = 16;

}  // namespace

bool PointHints::recall(const user_regs_struct& target, const PointPieces& memory, Hint& hint) const {
  const auto found = bySite_.find(target.rip);
  if (found == bySite_.end()) return false;
  hint.turn = found->second.turn;
  const PointChoice& known = found->second.choice;
  user_regs_struct registers = target;
  const auto wanted = [&](const WordMatch& match) -> std::optional<WordMatch> {
    if (const auto* word = std::get_if<RegisterWord>(&match.word)) {
      return WordMatch{match.word, registerField(registers, word->which)};
    }
    const auto* word = std::get_if<MemoryWord>(&match.word);
    const auto value = word ? memory.recorded(word->address) : std::nullopt;
    if (!value) return std::nullopt;
    WordMatch found = {match.word, *value};
    if (word->base) setBase(std::get<MemoryWord>(found.word), word->base->which, target);
    return found;
  };
  hint.choice.discriminator = wanted(*known.discriminator);
  hint.choice.lowerHalfTells = known.lowerHalfTells;
  hint.choice.words.clear();
  for (const WordMatch& each : known.words) {
    if (const auto match = wanted(each)) hint.choice.words.push_back(*match);
  }
  return hint.choice.discriminator.has_value();
}

void PointHints::remember(uint64_t site, const Hint& hint) {
  if (bySite_.size() >= kMostSites) bySite_.clear();
  Hint& kept = bySite_[site];
  kept = hint;
  if (kept.choice.words.size() > kMostWords) kept.choice.words.resize(kMostWords);
}

}  // namespace rr
