#include "patch/matcher-stub.h"

#include "patch/code-writer.h"

namespace rr {

namespace {

using enum GeneralRegister;

bool fitsSigned32(uint64_t value) noexcept {
  return static_cast<int64_t>(value) == static_cast<int32_t>(static_cast<uint32_t>(value));
}

bool exists(const StateWord& word) noexcept {
  if (const auto* x87 = std::get_if<X87Word>(&word)) return x87->number < 8;
  const auto* vector = std::get_if<VectorWord>(&word);
  return vector == nullptr || (vector->vector < 32 && vector->lane < 8);
}

// lahf's and seto's view of the flags: SF ZF AF PF (1) CF in the upper byte, OF in the lower.
uint16_t savedForm(uint64_t flags) noexcept {
  return static_cast<uint16_t>(((flags & 0xd5) | 2) << 8 | (flags >> 11 & 1));
}

uint64_t fromSavedForm(uint64_t saved) noexcept { return (saved >> 8 & 0xd5) | (saved & 1) << 11; }

class StubWriter {
 public:
  explicit StubWriter(const MatcherRequest& request) : request_(request), writer_(request.codeAddress) {
    writer_.state.programAddress = request.site;
  }

  // `copyBytes`: as MatcherRequest::copyBytes, at least 1.
  MatcherStub write(uint8_t copyBytes) {
    MatcherStub stub;
    stub.codeAddress = request_.codeAddress;
    stub.dataAddress = request_.dataAddress;
    stub.site = request_.site;

    const auto* word = std::get_if<WordMatch>(&request_.discriminator);
    const auto* countdown = std::get_if<Countdown>(&request_.discriminator);
    const bool traps = word != nullptr || countdown != nullptr;
    if (countdown != nullptr) {
      stub.counterStep = -1;
      stub.initialData.counter = countdown->passes;
    } else if (word == nullptr || request_.countPasses) {
      stub.counterStep = 1;
    }

    comparesHalf_ = request_.lowerHalfTells && word != nullptr;
    changesFlags_ = request_.flagsAreDead && word != nullptr && stub.counterStep == 0 && isComparable(word->word);
    stub.changesFlags = changesFlags_;
    CodeWriter::Forward maybe{};
    CodeBoundary passing{};
    uint64_t rest = 0;
    if (changesFlags_) {
      writer_.compareHalf(operandOf(word->word), static_cast<uint32_t>(word->value));
      maybe = writer_.jumpIfEqual();
      passing = writer_.state;
    } else {
      saveRcx();
      if (stub.counterStep != 0) count(stub.counterStep);
      if (word != nullptr) differenceInRcx(*word);
      if (traps) maybe = writer_.jumpIfRcxZero();
      passing = writer_.state;
      rest = writer_.here();
      restoreRcx();
    }
    stub.pass = writer_.here();
    stub.relocation = relocateInto(writer_, request_.siteCode, request_.site, copyBytes, request_.relocation);
    if (stub.relocation.error != RelocationError::none) {
      stub.error = MatcherError::relocation;
      return stub;
    }
    if (stub.relocation.continuesAt) writer_.jump(*stub.relocation.continuesAt);
    if (traps) {
      writer_.state = passing;
      writer_.bind(maybe);
      stub.trap = writeMaybe(rest, stub.pass);
    }
    stub.code = writer_.takeCode();
    stub.boundaries = writer_.takeBoundaries();
    if (writer_.outOfReach()) stub.error = MatcherError::outOfReach;
    if (stub.code.size() > request_.codeCapacity) stub.error = MatcherError::codeTooLarge;
    return stub;
  }

 private:
  Operand field(size_t offset) const noexcept { return Operand::at(request_.dataAddress + offset); }
  Operand savedRcx() const noexcept { return field(offsetof(MatcherData, rcx)); }
  Operand savedRax() const noexcept { return field(offsetof(MatcherData, rax)); }
  Operand savedFlags() const noexcept { return field(offsetof(MatcherData, flags)); }
  Operand counter() const noexcept { return field(offsetof(MatcherData, counter)); }

  void saveRcx() {
    writer_.store(savedRcx(), rcx);
    writer_.state.rcxSaved = true;
  }

  void restoreRcx() {
    writer_.load(rcx, savedRcx());
    writer_.state.rcxSaved = false;
  }

  void saveRax() {
    writer_.store(savedRax(), rax);
    writer_.state.raxSaved = true;
  }

  void restoreRax() {
    writer_.load(rax, savedRax());
    writer_.state.raxSaved = false;
  }

  // Leaves the new count in rcx.
  void count(int8_t step) {
    writer_.load(rcx, counter());
    writer_.loadAddress(rcx, Operand::at(rcx, step));
    writer_.store(counter(), rcx);
    writer_.state.passCounted = true;
  }

  // rcx becomes zero when the word has the value. rcx is saved; no flags; rax is as before afterwards.
  void differenceInRcx(const WordMatch& match) {
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

  // As the operand of one instruction.
  bool isComparable(const StateWord& word) const noexcept {
    const auto* memory = std::get_if<MemoryWord>(&word);
    return std::holds_alternative<RegisterWord>(word) || (memory != nullptr && isAddressable(memory->address));
  }

  static Operand operandOf(const StateWord& word) noexcept {
    const auto* memory = std::get_if<MemoryWord>(&word);
    return memory != nullptr ? Operand::at(memory->address) : Operand::of(std::get<RegisterWord>(word).which);
  }

  // Reachable as an operand of the next instruction.
  bool isAddressable(uint64_t address) const noexcept {
    return address < uint64_t{1} << 31 ||
           (inReach(writer_.here(), address) && inReach(writer_.here() + kLongestInstruction, address));
  }

  // Loads any word but a register's into `into`, whose own value is saved. No flags.
  void loadWord(const StateWord& word, GeneralRegister into) {
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
      const unsigned size = lane->lane >= 4 || lane->vector >= 16 ? 64 : lane->lane >= 2 ? 32 : 16;
      writer_.storeVector(field(offsetof(MatcherData, vector)), lane->vector, size);
      writer_.load(into, field(offsetof(MatcherData, vector) + 8u * lane->lane));
    } else if (const auto* x87 = std::get_if<X87Word>(&word)) {
      // The registers begin at byte 32, 16 bytes each (Intel SDM volume 1, table 10-2).
      writer_.storeX87State(field(kX87Area));
      writer_.load(into, field(kX87Area + 32 + 16u * x87->number + (x87->upper ? 8u : 0)));
    }
  }

  // Loads the program's value of a register into rax, when it is not in its place, and tells where it is.
  GeneralRegister locate(GeneralRegister which) {
    if (which != rax && which != rcx) return which;
    writer_.load(rax, which == rax ? savedRax() : savedRcx());
    return rax;
  }

  // Compares and leaves for `fail` when they differ. rax, rcx and flags are saved.
  void compare(GeneralRegister in, uint64_t value) {
    if (fitsSigned32(value)) {
      writer_.compare(in, static_cast<int32_t>(static_cast<uint32_t>(value)));
    } else {
      writer_.loadConstant(rcx, value);
      writer_.compare(in, rcx);
    }
    failures_.push_back(writer_.jumpIfNotEqual());
  }

  void compareRegisters(const RegisterState& registers) {
    for (unsigned number = 0; number < kGeneralRegisters; number++)
      compare(locate(static_cast<GeneralRegister>(number)), registers.general[number]);
    if (changesFlags_) return;
    writer_.loadWord(rax, savedFlags());
    compare(rax, savedForm(registers.flags));
  }

  void compareWord(const WordMatch& match) {
    const auto* asRegister = std::get_if<RegisterWord>(&match.word);
    if (asRegister == nullptr) loadWord(match.word, rax);
    compare(asRegister == nullptr ? rax : locate(asRegister->which), match.value);
  }

  void restoreFlags() {
    if (changesFlags_) return;
    writer_.load(rax, savedFlags());
    writer_.restoreFlagsFromRax();
    writer_.state.flagsSaved = false;
  }

  // The slow path, the trap and the way back; returns the trap's address.
  uint64_t writeMaybe(uint64_t rest, uint64_t pass) {
    const bool compares = changesFlags_ || comparesHalf_ || !request_.words.empty() || request_.registers.has_value();
    if (changesFlags_) saveRcx();
    if (compares) {
      saveRax();
      if (!changesFlags_) {
        writer_.saveFlagsInRax();
        writer_.store(savedFlags(), rax);
        writer_.state.flagsSaved = true;
      }
      if (changesFlags_ || comparesHalf_) compareWord(std::get<WordMatch>(request_.discriminator));
      for (const WordMatch& match : request_.words) compareWord(match);
      if (request_.registers) compareRegisters(*request_.registers);
    }
    const CodeBoundary compared = writer_.state;
    if (compares) {
      restoreFlags();
      restoreRax();
    }
    restoreRcx();
    const uint64_t trap = writer_.here();
    writer_.breakpoint();
    writer_.jump(pass);
    if (compares) {
      writer_.state = compared;
      for (const CodeWriter::Forward failure : failures_) writer_.bind(failure);
      restoreFlags();
      restoreRax();
      if (changesFlags_) restoreRcx();
      writer_.jump(changesFlags_ ? pass : rest);
    }
    return trap;
  }

  const MatcherRequest& request_;
  CodeWriter writer_;
  bool changesFlags_ = false;
  bool comparesHalf_ = false;
  std::vector<CodeWriter::Forward> failures_;
};

}  // namespace

MatcherStub buildMatcherStub(const MatcherRequest& request) {
  MatcherStub refused;
  const auto* discriminator = std::get_if<WordMatch>(&request.discriminator);
  bool allExist = discriminator == nullptr || exists(discriminator->word);
  bool hasX87 = discriminator != nullptr && std::holds_alternative<X87Word>(discriminator->word);
  for (const WordMatch& match : request.words) {
    allExist = allExist && exists(match.word);
    hasX87 = hasX87 || std::holds_alternative<X87Word>(match.word);
  }
  if (!allExist) {
    refused.error = MatcherError::badOperand;
    return refused;
  }
  if (request.dataAddress % (hasX87 ? 16 : alignof(uint64_t)) != 0) {
    refused.error = MatcherError::unalignedData;
    return refused;
  }
  if (request.copyBytes > 1) {
    // A longer copy may also put the slow path out of the short jump's reach.
    MatcherStub stub = StubWriter(request).write(request.copyBytes);
    if (stub.error == MatcherError::none) return stub;
  }
  return StubWriter(request).write(1);
}

StubPlace restoreProgramState(const MatcherStub& stub, MatcherData& data, user_regs_struct& registers) noexcept {
  const uint64_t offset = registers.rip - stub.codeAddress;
  if (offset >= stub.code.size()) return StubPlace::outside;
  const CodeBoundary* boundary = findBoundary(stub.boundaries, offset);
  if (boundary == nullptr) return StubPlace::notInCode;
  registers.rip = boundary->programAddress;
  registers.rsp += static_cast<uint64_t>(static_cast<int64_t>(boundary->stackAdjustment));
  if (boundary->rcxSaved) registers.rcx = data.rcx;
  if (boundary->raxSaved) registers.rax = data.rax;
  if (boundary->flagsSaved) registers.eflags = (registers.eflags & ~kStatusFlags) | fromSavedForm(data.flags);
  if (boundary->passCounted) data.counter -= static_cast<uint64_t>(static_cast<int64_t>(stub.counterStep));
  return boundary->programAddress == stub.site ? StubPlace::atSite : StubPlace::behind;
}

const char* describe(MatcherError error) noexcept {
  switch (error) {
    case MatcherError::none:
      return "built";
    case MatcherError::relocation:
      return "the site's instruction cannot be moved";
    case MatcherError::badOperand:
      return "a vector register or lane that does not exist";
    case MatcherError::outOfReach:
      return "the stub's data is out of its reach";
    case MatcherError::codeTooLarge:
      return "the stub's code does not fit";
    case MatcherError::unalignedData:
      return "the stub's data is not aligned";
  }
  return "an unknown error";
}

}  // namespace rr
