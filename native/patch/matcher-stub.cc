#include "patch/matcher-stub.h"

#include <algorithm>

#include "patch/comparison-writer.h"
#include "patch/flag-use.h"
#include "patch/loop-writer.h"

namespace rr {

namespace {

bool exists(const StateWord& word) noexcept {
  if (const auto* x87 = std::get_if<X87Word>(&word)) return x87->number < 8;
  if (const auto* extended = std::get_if<ExtendedWord>(&word))
    return extended->component < 63 && extended->offset + sizeof(uint64_t) <= kExtendedAreaSize;
  const auto* vector = std::get_if<VectorWord>(&word);
  return vector == nullptr || (vector->vector < 32 && vector->lane < 8);
}

// Of the data's address, for what is stored behind it. Bytes.
size_t alignmentFor(const StateWord& word) noexcept {
  if (std::holds_alternative<ExtendedWord>(word)) return 64;
  return std::holds_alternative<X87Word>(word) ? 16 : alignof(uint64_t);
}

uint64_t fromSavedForm(uint64_t saved) noexcept { return (saved >> 8 & 0xd5) | (saved & 1) << 11; }

MatcherStub emptyStub(const MatcherRequest& request) {
  MatcherStub stub;
  stub.codeAddress = request.codeAddress;
  stub.dataAddress = request.dataAddress;
  stub.site = request.site;
  if (const auto* countdown = std::get_if<Countdown>(&request.discriminator))
    stub.initialData.counter = countdown->passes;
  stub.initialData.maybes = request.mostMaybes;
  return stub;
}

void finish(MatcherStub& stub, CodeWriter& writer, const ComparisonWriter& comparison, const MatcherRequest& request) {
  stub.changesFlags = comparison.changesFlags();
  stub.counterStep = comparison.counterStep();
  stub.code = writer.takeCode();
  stub.boundaries = writer.takeBoundaries();
  if (writer.outOfReach()) stub.error = MatcherError::outOfReach;
  if (stub.code.size() > request.codeCapacity) stub.error = MatcherError::codeTooLarge;
}

// The comparison, copies of the instructions at the site, and the way back. `copyBytes`: as
// MatcherRequest::copyBytes, at least 1.
MatcherStub buildStraight(const MatcherRequest& request, uint8_t copyBytes) {
  MatcherStub stub = emptyStub(request);
  CodeWriter writer(request.codeAddress);
  writer.state.programAddress = request.site;
  ComparisonWriter comparison(request, writer, request.flagsAreDead);
  comparison.writeTest();
  stub.pass = writer.here();
  stub.relocation = relocateInto(writer, request.siteCode, request.site, copyBytes, request.relocation);
  if (stub.relocation.error != RelocationError::none) {
    stub.error = MatcherError::relocation;
    return stub;
  }
  if (stub.relocation.continuesAt) writer.jump(*stub.relocation.continuesAt);
  if (comparison.traps()) comparison.writeMaybe(stub);
  finish(stub, writer, comparison, request);
  return stub;
}

// A copy of the loop around the site; its error is `relocation` when there is none that can be copied.
MatcherStub buildLoop(const MatcherRequest& request) {
  MatcherStub stub = emptyStub(request);
  LoopWriter loop(request);
  if (!loop.exists()) {
    stub.error = MatcherError::relocation;
    return stub;
  }
  // Twice: the copies that lie ahead are known then.
  for (int run = 0; run < 2; run++) {
    CodeWriter writer(request.codeAddress);
    ComparisonWriter comparison(request, writer, loop.changesFlags());
    loop.write(writer, comparison);
    stub.pass = loop.pass();
    stub.edge = loop.edge();
    if (comparison.traps()) comparison.writeMaybe(stub);
    finish(stub, writer, comparison, request);
  }
  stub.copiesLoop = true;
  return stub;
}

}  // namespace

MatcherStub buildMatcherStub(const MatcherRequest& request) {
  MatcherStub refused;
  const auto* discriminator = std::get_if<WordMatch>(&request.discriminator);
  bool allExist = discriminator == nullptr || exists(discriminator->word);
  size_t alignment = discriminator == nullptr ? alignof(uint64_t) : alignmentFor(discriminator->word);
  for (const WordMatch& match : request.words) {
    allExist = allExist && exists(match.word);
    alignment = std::max(alignment, alignmentFor(match.word));
  }
  if (!allExist) {
    refused.error = MatcherError::badOperand;
    return refused;
  }
  if (request.dataAddress % alignment != 0) {
    refused.error = MatcherError::unalignedData;
    return refused;
  }
  if (request.loop != nullptr) {
    MatcherStub stub = buildLoop(request);
    if (stub.error == MatcherError::none) return stub;
  }
  if (request.copyBytes > 1) {
    // A longer copy may also put the slow path out of the short jump's reach.
    MatcherStub stub = buildStraight(request, request.copyBytes);
    if (stub.error == MatcherError::none) return stub;
  }
  return buildStraight(request, 1);
}

uint64_t resumeAddress(const MatcherStub& stub, uint64_t flags) noexcept {
  const bool onEdge = stub.edge && conditionHolds(stub.edge->condition, flags) == stub.edge->taken;
  return onEdge ? stub.edge->behind : stub.pass;
}

bool isComparing(const MatcherStub& stub, uint64_t rip) noexcept {
  const uint64_t offset = rip - stub.codeAddress;
  if (offset >= stub.code.size()) return false;
  const CodeBoundary* boundary = findBoundary(stub.boundaries, offset);
  return boundary != nullptr && boundary->comparing;
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
  if (boundary->rdxSaved) registers.rdx = data.rdx;
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
