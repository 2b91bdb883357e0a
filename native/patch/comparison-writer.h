// Writes what a matcher stub compares: a little on every pass, all the rest where that says maybe (matcher-stub.h shows
// both).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "patch/code-writer.h"
#include "patch/matcher-stub.h"

namespace rr {

class ComparisonWriter {
 public:
  // `changesFlags`: the status flags are not needed where a pass is tested. Otherwise the test leaves by jrcxz, which
  // reaches 127 bytes.
  ComparisonWriter(const MatcherRequest& request, CodeWriter& writer, bool changesFlags);

  bool changesFlags() const noexcept { return changesFlags_; }
  // What a pass adds to MatcherData::counter.
  int8_t counterStep() const noexcept { return counterStep_; }
  bool traps() const noexcept { return traps_; }

  // A place that the test's jrcxz can reach from behind, when what is written next is too much to jump over. Not when
  // it changes flags.
  void writeHop(uint64_t programAddress);

  // What every pass goes through, before the instruction at the state's programAddress.
  void writeTest();

  // Where the test says maybe; the traps, and the way back behind the test. Fills in MatcherStub::trap and tired.
  void writeMaybe(MatcherStub& stub);

 private:
  Operand field(size_t offset) const noexcept;
  Operand savedRcx() const noexcept;
  Operand savedRax() const noexcept;
  Operand savedFlags() const noexcept;
  Operand counter() const noexcept;
  void saveRcx();
  void restoreRcx();
  void saveRax();
  void restoreRax();
  void restoreFlags();
  uint64_t writeTrap();
  void count();
  void testByFlags();
  void testByRcx();
  void compareHalf(const StateWord& word, uint64_t value);
  void differenceInRcx(const WordMatch& match);
  bool isAddressable(uint64_t address) const noexcept;
  void storeVector(const VectorWord& lane);
  void storeExtended(const ExtendedWord& word);
  void loadWord(const StateWord& word, GeneralRegister into);
  GeneralRegister locate(GeneralRegister which);
  void compare(GeneralRegister in, uint64_t value);
  void compareRegisters(const RegisterState& registers);
  void compareWord(const WordMatch& match);

  const MatcherRequest& request_;
  CodeWriter& writer_;
  const WordMatch* word_;  // the discriminator, when it is one
  bool traps_;
  bool changesFlags_;
  bool comparesHalf_;  // of the discriminator, on every pass
  int8_t counterStep_ = 0;
  std::optional<uint64_t> hop_;
  CodeWriter::Forward maybe_{};
  CodeBoundary passing_{};  // the state where the test leaves for maybe
  uint64_t rest_ = 0;       // where a pass goes on that did not match
  uint64_t behind_ = 0;     // behind the test
  std::vector<CodeWriter::Forward> failures_;
};

}  // namespace rr
