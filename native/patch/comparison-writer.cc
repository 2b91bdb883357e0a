#include "patch/comparison-writer.h"

namespace rr {

namespace {

using enum GeneralRegister;

bool fitsSigned32(uint64_t value) noexcept {
  return static_cast<int64_t>(value) == static_cast<int32_t>(static_cast<uint32_t>(value));
}

// lahf's and seto's view of the flags: SF ZF AF PF (1) CF in the upper byte, OF in the lower.
uint16_t savedForm(uint64_t flags) noexcept {
  return static_cast<uint16_t>(((flags & 0xd5) | 2) << 8 | (flags >> 11 & 1));
}

// In an FXSAVE area the registers begin at byte 32, 16 bytes each (Intel SDM volume 1, table 10-2).
size_t x87Offset(const X87Word& word) noexcept { return kX87Area + 32 + 16u * word.number + (word.upper ? 8u : 0); }

}  // namespace

ComparisonWriter::ComparisonWriter(const MatcherRequest& request, CodeWriter& writer, bool changesFlags)
    : request_(request),
      writer_(writer),
      word_(std::get_if<WordMatch>(&request.discriminator)),
      traps_(!std::holds_alternative<PassCount>(request.discriminator)),
      changesFlags_(changesFlags),
      comparesHalf_(word_ != nullptr && (changesFlags || request.lowerHalfTells)) {
  if (std::holds_alternative<Countdown>(request.discriminator)) {
    counterStep_ = -1;
  } else if (word_ == nullptr || request.countPasses) {
    counterStep_ = 1;
  }
}

Operand ComparisonWriter::field(size_t offset) const noexcept { return Operand::at(request_.dataAddress + offset); }
Operand ComparisonWriter::savedRcx() const noexcept { return field(offsetof(MatcherData, rcx)); }
Operand ComparisonWriter::savedRax() const noexcept { return field(offsetof(MatcherData, rax)); }
Operand ComparisonWriter::savedFlags() const noexcept { return field(offsetof(MatcherData, flags)); }
Operand ComparisonWriter::counter() const noexcept { return field(offsetof(MatcherData, counter)); }

void ComparisonWriter::saveRcx() {
  writer_.store(savedRcx(), rcx);
  writer_.state.rcxSaved = true;
}

void ComparisonWriter::restoreRcx() {
  writer_.load(rcx, savedRcx());
  writer_.state.rcxSaved = false;
}

void ComparisonWriter::saveRax() {
  writer_.store(savedRax(), rax);
  writer_.state.raxSaved = true;
}

void ComparisonWriter::restoreRax() {
  writer_.load(rax, savedRax());
  writer_.state.raxSaved = false;
}

void ComparisonWriter::restoreFlags() {
  if (changesFlags_) return;
  writer_.load(rax, savedFlags());
  writer_.restoreFlagsFromRax();
  writer_.state.flagsSaved = false;
}

void ComparisonWriter::writeHop(uint64_t programAddress) {
  if (changesFlags_ || !traps_) return;
  const CodeBoundary before = writer_.state;
  hop_ = writer_.here();
  writer_.state.programAddress = programAddress;
  writer_.state.comparing = true;
  writer_.state.rcxSaved = true;
  writer_.state.passCounted = counterStep_ != 0;
  maybe_ = writer_.jumpAhead();
  writer_.state = before;
}

void ComparisonWriter::writeTest() {
  writer_.state.comparing = true;
  if (changesFlags_) {
    testByFlags();
  } else {
    testByRcx();
  }
  writer_.state.comparing = false;
  behind_ = writer_.here();
  if (changesFlags_) rest_ = behind_;
}

void ComparisonWriter::testByFlags() {
  if (counterStep_ != 0) {
    writer_.addTo(counter(), counterStep_);
    writer_.state.passCounted = true;
  }
  if (word_ != nullptr) compareHalf(word_->word, word_->value);
  if (traps_) maybe_ = writer_.jumpIfEqual();
  passing_ = writer_.state;
}

void ComparisonWriter::testByRcx() {
  saveRcx();
  if (counterStep_ != 0) count();
  if (word_ != nullptr) differenceInRcx(*word_);
  if (traps_ && hop_) {
    writer_.jumpIfRcxZero(*hop_);
  } else if (traps_) {
    maybe_ = writer_.jumpIfRcxZero();
  }
  passing_ = writer_.state;
  rest_ = writer_.here();
  restoreRcx();
}

// Leaves the new count in rcx, which is saved.
void ComparisonWriter::count() {
  writer_.load(rcx, counter());
  writer_.loadAddress(rcx, Operand::at(rcx, counterStep_));
  writer_.store(counter(), rcx);
  writer_.state.passCounted = true;
}

// ZF says whether half of the word is that of the value: the lower one where it tells, else the upper one but of a
// register. All registers are as before afterwards.
void ComparisonWriter::compareHalf(const StateWord& word, uint64_t value) {
  const size_t skipped = request_.lowerHalfTells ? 0 : 4;
  const auto half = static_cast<uint32_t>(value >> (8 * skipped));
  if (const auto* asRegister = std::get_if<RegisterWord>(&word)) {
    writer_.compareHalf(Operand::of(asRegister->which), static_cast<uint32_t>(value));
  } else if (const auto* memory = std::get_if<MemoryWord>(&word)) {
    if (isAddressable(memory->address + skipped)) {
      writer_.compareHalf(Operand::at(memory->address + skipped), half);
      return;
    }
    if (memory->base) {
      writer_.compareHalf(Operand::at(memory->base->which, memory->base->displacement + static_cast<int32_t>(skipped)),
                          half);
      return;
    }
    saveRcx();
    writer_.loadConstant(rcx, memory->address + skipped);
    writer_.compareHalf(Operand::at(rcx, 0), half);
    restoreRcx();
  } else if (const auto* stack = std::get_if<StackWord>(&word)) {
    writer_.compareHalf(Operand::at(rsp, stack->displacement + static_cast<int32_t>(skipped)), half);
  } else if (const auto* lane = std::get_if<VectorWord>(&word)) {
    storeVector(*lane);
    writer_.compareHalf(field(offsetof(MatcherData, vector) + 8u * lane->lane + skipped), half);
  } else if (const auto* x87 = std::get_if<X87Word>(&word)) {
    writer_.storeX87State(field(kX87Area));
    writer_.compareHalf(field(x87Offset(*x87) + skipped), half);
  } else {
    const auto& extended = std::get<ExtendedWord>(word);
    storeExtended(extended);
    writer_.compareHalf(field(kExtendedArea + extended.offset + skipped), half);
  }
}

// rcx becomes zero when the word has the value. rcx is saved; no flags; rax is as before afterwards.
void ComparisonWriter::differenceInRcx(const WordMatch& match) {
  const uint64_t negative = 0 - match.value;
  const auto* asRegister = std::get_if<RegisterWord>(&match.word);
  if (!comparesHalf_ && asRegister != nullptr && asRegister->which != rcx && !fitsSigned32(negative)) {
    // rsp cannot be an index.
    const bool stack = asRegister->which == rsp;
    writer_.loadConstant(rcx, negative);
    writer_.loadAddress(rcx, Operand::sum(stack ? rsp : rcx, stack ? rcx : asRegister->which));
    return;
  }
  GeneralRegister in = rcx;
  if (asRegister != nullptr) {
    in = asRegister->which;
    // Counting has overwritten rcx.
    if (in == rcx && writer_.state.passCounted) writer_.load(rcx, savedRcx());
  } else {
    loadWord(match.word, rcx);
  }
  if (comparesHalf_) {
    writer_.loadHalfAddress(rcx, Operand::at(in, static_cast<int32_t>(static_cast<uint32_t>(negative))));
  } else if (fitsSigned32(negative)) {
    writer_.loadAddress(rcx, Operand::at(in, static_cast<int32_t>(static_cast<uint32_t>(negative))));
  } else {
    saveRax();
    writer_.loadConstant(rax, negative);
    writer_.loadAddress(rcx, Operand::sum(rcx, rax));
    restoreRax();
  }
}

// Reachable as an operand of the next instruction.
bool ComparisonWriter::isAddressable(uint64_t address) const noexcept {
  return address < uint64_t{1} << 31 ||
         (inReach(writer_.here(), address) && inReach(writer_.here() + kLongestInstruction, address));
}

// Of a zmm register only the quarter that is needed.
void ComparisonWriter::storeVector(const VectorWord& lane) {
  if (lane.lane < 4 && lane.vector < 16) {
    writer_.storeVector(field(offsetof(MatcherData, vector)), lane.vector, lane.lane < 2 ? 16 : 32);
    return;
  }
  const auto quarter = static_cast<uint8_t>(lane.lane / 2);
  writer_.storeVectorQuarter(field(offsetof(MatcherData, vector) + 16u * quarter), lane.vector, quarter);
}

// XSAVE writes what is in its initial state, too (Intel SDM volume 1, 13.7), and what the process may not use yet as if
// it were. Where rax is not saved it is as before afterwards.
void ComparisonWriter::storeExtended(const ExtendedWord& word) {
  const bool keepsRax = !writer_.state.raxSaved;
  if (keepsRax) saveRax();
  writer_.store(field(offsetof(MatcherData, rdx)), rdx);
  writer_.state.rdxSaved = true;
  const uint64_t components = uint64_t{1} << word.component;
  writer_.loadConstant(rax, components & UINT32_MAX);
  writer_.loadConstant(rdx, components >> 32);
  writer_.storeExtendedState(field(kExtendedArea));
  writer_.load(rdx, field(offsetof(MatcherData, rdx)));
  writer_.state.rdxSaved = false;
  if (keepsRax) restoreRax();
}

// Loads any word but a register's into `into`, whose own value is saved. No flags.
void ComparisonWriter::loadWord(const StateWord& word, GeneralRegister into) {
  if (const auto* memory = std::get_if<MemoryWord>(&word)) {
    if (isAddressable(memory->address)) {
      writer_.load(into, Operand::at(memory->address));
    } else {
      writer_.loadConstant(into, memory->address);
      writer_.load(into, Operand::at(into, 0));
    }
  } else if (const auto* stack = std::get_if<StackWord>(&word)) {
    writer_.load(into, Operand::at(rsp, stack->displacement));
  } else if (const auto* lane = std::get_if<VectorWord>(&word)) {
    if (lane->lane == 0 && lane->vector < 16) {
      writer_.moveVectorLow(into, lane->vector);
      return;
    }
    storeVector(*lane);
    writer_.load(into, field(offsetof(MatcherData, vector) + 8u * lane->lane));
  } else if (const auto* x87 = std::get_if<X87Word>(&word)) {
    writer_.storeX87State(field(kX87Area));
    writer_.load(into, field(x87Offset(*x87)));
  } else if (const auto* extended = std::get_if<ExtendedWord>(&word)) {
    storeExtended(*extended);
    writer_.load(into, field(kExtendedArea + extended->offset));
  }
}

// Loads the program's value of a register into rax, when it is not in its place, and tells where it is.
GeneralRegister ComparisonWriter::locate(GeneralRegister which) {
  if (which != rax && which != rcx) return which;
  writer_.load(rax, which == rax ? savedRax() : savedRcx());
  return rax;
}

// Compares and leaves for `fail` when they differ. rax, rcx and flags are saved.
void ComparisonWriter::compare(GeneralRegister in, uint64_t value) {
  if (fitsSigned32(value)) {
    writer_.compare(in, static_cast<int32_t>(static_cast<uint32_t>(value)));
  } else {
    writer_.loadConstant(rcx, value);
    writer_.compare(in, rcx);
  }
  failures_.push_back(writer_.jumpIfNotEqual());
}

void ComparisonWriter::compareRegisters(const RegisterState& registers) {
  for (unsigned number = 0; number < kGeneralRegisters; number++)
    compare(locate(static_cast<GeneralRegister>(number)), registers.general[number]);
  if (changesFlags_) return;
  writer_.loadWord(rax, savedFlags());
  compare(rax, savedForm(registers.flags));
}

void ComparisonWriter::compareWord(const WordMatch& match) {
  const auto* asRegister = std::get_if<RegisterWord>(&match.word);
  if (asRegister == nullptr) loadWord(match.word, rax);
  compare(asRegister == nullptr ? rax : locate(asRegister->which), match.value);
}

// From where rax, rcx and the flags are saved, as far as they are not the program's; returns the trap's address.
uint64_t ComparisonWriter::writeTrap() {
  if (writer_.state.flagsSaved) restoreFlags();
  if (writer_.state.raxSaved) restoreRax();
  if (writer_.state.rcxSaved) restoreRcx();
  const uint64_t trap = writer_.here();
  writer_.breakpoint();
  writer_.jump(behind_);
  return trap;
}

void ComparisonWriter::writeMaybe(MatcherStub& stub) {
  writer_.state = passing_;
  writer_.state.comparing = true;
  writer_.bind(maybe_);
  const bool compares = comparesHalf_ || !request_.words.empty() || request_.registers.has_value();
  if (changesFlags_ && compares) saveRcx();
  if (compares) {
    saveRax();
    if (!changesFlags_) {
      writer_.saveFlagsInRax();
      writer_.store(savedFlags(), rax);
      writer_.state.flagsSaved = true;
    }
    if (comparesHalf_) compareWord(*word_);
    for (const WordMatch& match : request_.words) compareWord(match);
    if (request_.registers) compareRegisters(*request_.registers);
  }
  const CodeBoundary compared = writer_.state;
  stub.trap = writeTrap();
  if (!compares) return;
  writer_.state = compared;
  for (const CodeWriter::Forward failure : failures_) writer_.bind(failure);
  CodeWriter::Forward tired{};
  if (request_.mostMaybes != 0) {
    writer_.addTo(field(offsetof(MatcherData, maybes)), -1);
    tired = writer_.jumpIfEqual();
  }
  restoreFlags();
  restoreRax();
  if (changesFlags_) restoreRcx();
  writer_.jump(rest_);
  if (request_.mostMaybes == 0) return;
  writer_.state = compared;
  writer_.bind(tired);
  stub.tired = writeTrap();
}

}  // namespace rr
