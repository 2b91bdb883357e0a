#include "replay/point-trials.h"

#include <algorithm>
#include <functional>
#include <tuple>

#include "patch/registers.h"

namespace rr {

namespace {

// Words that a first stub compares besides the discriminator, where memory has been looked at.
constexpr size_t kFirstWords = 12;

// Better first.
auto rank(const PointPieces::Word& word) {
  const bool lowerHalf = static_cast<uint32_t>(word.value) != static_cast<uint32_t>(word.now);
  return std::make_tuple(word.differed, word.moved, word.toward, lowerHalf);
}

constexpr GeneralRegister kBases[] = {
    GeneralRegister::rsp, GeneralRegister::rbp, GeneralRegister::rbx, GeneralRegister::r12, GeneralRegister::r13,
    GeneralRegister::r14, GeneralRegister::r15, GeneralRegister::rdi, GeneralRegister::rsi, GeneralRegister::rdx,
    GeneralRegister::r8,  GeneralRegister::r9,  GeneralRegister::r10, GeneralRegister::r11};

WordMatch matchOf(const PointPieces::Word& word) { return {MemoryWord{word.address}, word.value}; }

}  // namespace

void setBase(MemoryWord& word, GeneralRegister which, const user_regs_struct& target) {
  user_regs_struct registers = target;
  const uint64_t displacement = word.address - registerField(registers, which);
  word.base.reset();
  // The word has a second half.
  constexpr uint64_t kReach = (uint64_t{1} << 31) - 8;
  if (displacement + kReach < 2 * kReach)
    word.base = {which, static_cast<int32_t>(static_cast<uint32_t>(displacement))};
}

// A register that was the same at all samples most likely leads there on the next passes, too.
void PointTrials::findBase(MemoryWord& word) const {
  for (const GeneralRegister which : kBases) {
    if (samples_.empty() || useOf(which).differed > 0) continue;
    setBase(word, which, target_);
    if (word.base) return;
  }
}

void PointTrials::begin(const user_regs_struct& standing) {
  if (standing.rip == target_.rip) samples_.push_back(standing);
  memory_.sample({}, true);
}

void PointTrials::add(const user_regs_struct& found, std::span<const uint8_t> hidden) {
  samples_.push_back(found);
  hits_++;
  if (!registerTells()) memory_.sample(hidden, false);
}

PointTrials::RegisterUse PointTrials::useOf(GeneralRegister which) const {
  user_regs_struct target = target_;
  const uint64_t wanted = registerField(target, which);
  RegisterUse use;
  std::optional<uint64_t> before;
  for (user_regs_struct sample : samples_) {
    const uint64_t value = registerField(sample, which);
    use.differed += value != wanted;
    use.distance = std::min(use.distance, std::min(value - wanted, wanted - value));
    if (before && value != wanted) {
      const auto made = static_cast<int64_t>(value - *before);
      const auto left = static_cast<int64_t>(wanted - value);
      use.moved += made != 0;
      use.toward += (made > 0 && left > 0) || (made < 0 && left < 0);
    }
    before = value;
  }
  return use;
}

bool PointTrials::registerTells() const {
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    const RegisterUse use = useOf(static_cast<GeneralRegister>(i));
    if (use.differed == samples_.size() && use.moved > 0) return true;
  }
  return false;
}

std::vector<PointPieces::Word> PointTrials::tellingWords(std::span<const uint8_t> hidden) {
  std::vector<PointPieces::Word> words;
  memory_.eachDiffering(hidden, [&](const PointPieces::Word& word) {
    if (word.readable && word.differed > 0) words.push_back(word);
  });
  const size_t count = std::min(words.size(), kFirstWords + 1);
  std::ranges::partial_sort(words, words.begin() + static_cast<ptrdiff_t>(count), std::ranges::greater{}, rank);
  words.resize(count);
  return words;
}

bool PointTrials::suffice(std::span<const uint8_t> hidden) {
  if (registerTells()) return true;
  bool tells = false;
  memory_.eachDiffering(hidden, [&](const PointPieces::Word& word) {
    tells |= word.readable && word.differed == memory_.samples() && word.moved > 0;
  });
  return tells;
}

PointChoice PointTrials::choose(std::span<const uint8_t> hidden) {
  user_regs_struct target = target_;
  user_regs_struct last = samples_.back();
  PointChoice choice;
  std::tuple<unsigned, unsigned, unsigned, uint64_t> best = {0, 0, 0, 0};
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    const auto which = static_cast<GeneralRegister>(i);
    const RegisterUse use = useOf(which);
    // What comes from afar is less likely to turn in a small circle.
    const auto rank = std::make_tuple(use.differed, use.moved, use.toward, use.distance);
    if (use.differed == 0 || rank <= best) continue;
    best = rank;
    choice.discriminator = WordMatch{RegisterWord{which}, registerField(target, which)};
    choice.lowerHalfTells =
        static_cast<uint32_t>(registerField(target, which)) != static_cast<uint32_t>(registerField(last, which));
  }
  const bool always = choice.discriminator && std::get<0>(best) == samples_.size();
  // One that has moved: what memory says is not better.
  if (always && std::get<1>(best) > 0) return choice;
  const std::vector<PointPieces::Word> words = tellingWords(hidden);
  for (const PointPieces::Word& word : words) choice.words.push_back(matchOf(word));
  const bool memoryAlways = !words.empty() && words.front().differed == memory_.samples();
  if (!words.empty() && (!always || (memoryAlways && words.front().moved > 0)) &&
      (memoryAlways || !choice.discriminator || words.front().differed > std::get<0>(best))) {
    choice.discriminator = choice.words.front();
    choice.lowerHalfTells = static_cast<uint32_t>(words.front().value) != static_cast<uint32_t>(words.front().now);
    choice.words.erase(choice.words.begin());
    findBase(std::get<MemoryWord>(choice.discriminator->word));
  }
  if (!choice.discriminator) choice.discriminator = vectors_.differingLane(choice.lowerHalfTells);
  return choice;
}

}  // namespace rr
