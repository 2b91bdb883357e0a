#include "patch/pass-stub.h"

#include <cstddef>

namespace rr {

namespace {

using enum GeneralRegister;

class PassWriter {
 public:
  explicit PassWriter(const PassRequest& request) : request_(request), writer_(request.codeAddress) {}

  PassStub write(uint8_t copyBytes) {
    PassStub stub;
    stub.codeAddress = request_.codeAddress;
    stub.dataAddress = request_.dataAddress;
    stub.site = request_.site;
    stub.counterStep = 1;
    writer_.state.programAddress = request_.site;
    writer_.state.comparing = true;
    writer_.store(field(offsetof(PassData, program.rcx)), rcx);
    writer_.state.rcxSaved = true;
    count(offsetof(PassData, program.counter), 1);
    writer_.state.passCounted = true;
    std::optional<CodeWriter::Forward> otherPass;
    if (request_.filter != PassFilter::all) {
      if (request_.filter == PassFilter::condition) {
        if (!condition(stub.condition)) {
          stub.error = MatcherError::badOperand;
          return stub;
        }
      } else {
        filter();
      }
      const CodeWriter::Forward match = writer_.jumpIfRcxZero();
      otherPass = writer_.jumpAhead();
      writer_.bind(match);
    }
    noteMatch();
    count(offsetof(PassData, left), -1);
    const CodeBoundary noted = writer_.state;
    const CodeWriter::Forward trap = writer_.jumpIfRcxZero();
    const CodeWriter::Forward goesOn = writer_.jumpAhead();
    writer_.bind(trap);
    const uint64_t beforeTrap = writer_.here();
    writer_.load(rcx, field(offsetof(PassData, program.rcx)));
    writer_.state.rcxSaved = false;
    stub.trap = writer_.here();
    writer_.breakpoint();
    const CodeWriter::Forward trapped = writer_.jumpAhead();
    writer_.bind(goesOn);
    if (otherPass) writer_.bind(*otherPass);
    writer_.state = noted;
    if (request_.limit != 0) {
      writer_.load(rcx, field(offsetof(PassData, program.counter)));
      writer_.loadAddress(rcx, Operand::at(rcx, -static_cast<int32_t>(request_.limit)));
      const CodeWriter::Forward isThere = writer_.jumpIfRcxZero();
      const CodeWriter::Forward isBelow = writer_.jumpAhead();
      writer_.bind(isThere);
      writer_.jump(beforeTrap);
      writer_.bind(isBelow);
    }
    writer_.load(rcx, field(offsetof(PassData, program.rcx)));
    writer_.state.rcxSaved = false;
    writer_.state.comparing = false;
    writer_.bind(trapped);
    stub.pass = writer_.here();
    RelocationOptions options;
    options.allowCalls = true;
    stub.relocation = relocateInto(writer_, request_.siteCode, request_.site, copyBytes, options);
    if (stub.relocation.error != RelocationError::none) {
      stub.error = MatcherError::relocation;
      return stub;
    }
    if (stub.relocation.continuesAt) writer_.jump(*stub.relocation.continuesAt);
    stub.code = writer_.takeCode();
    stub.boundaries = writer_.takeBoundaries();
    if (writer_.outOfReach()) stub.error = MatcherError::outOfReach;
    if (stub.code.size() > request_.codeCapacity) stub.error = MatcherError::codeTooLarge;
    return stub;
  }

 private:
  Operand field(size_t offset) const { return Operand::at(request_.dataAddress + offset); }

  // Leaves the new count in rcx.
  void count(size_t offset, int32_t step) {
    writer_.load(rcx, field(offset));
    writer_.loadAddress(rcx, Operand::at(rcx, step));
    writer_.store(field(offset), rcx);
  }

  // rcx becomes zero where the pass matches.
  void filter() {
    writer_.loadConstant(rcx, 0 - request_.value);
    writer_.loadAddress(rcx, Operand::sum(rsp, rcx));
    if (request_.filter != PassFilter::stackAtLeast) return;
    // The distance of two addresses is less than 2^56: its highest byte is that of the sign.
    writer_.instruction({0x48, 0x0f, 0xc9});  // bswap rcx
    writer_.instruction({0x0f, 0xb6, 0xc9});  // movzx ecx, cl
  }

  // The same by the conditions. False where one cannot be written.
  bool condition(ConditionCode& code) {
    const Operand savedRax = field(offsetof(PassData, program.rax));
    const Operand savedFlags = field(offsetof(PassData, program.flags));
    const Operand savedRdx = field(offsetof(PassData, rdx));
    writer_.store(savedRax, rax);
    writer_.state.raxSaved = true;
    writer_.saveFlagsInRax();
    writer_.store(savedFlags, rax);
    writer_.state.flagsSaved = true;
    writer_.store(savedRdx, rdx);
    const ConditionPlaces places = {savedRax, field(offsetof(PassData, program.rcx)), savedRdx,
                                    request_.dataAddress + offsetof(PassData, stack), request_.site};
    std::vector<CodeWriter::Forward> holds;
    code.start = writer_.here();
    for (const std::vector<uint8_t>& each : *request_.conditions) {
      if (!writeCondition(writer_, each, places)) return false;
      writer_.instruction({0x48, 0x85, 0xc0});  // test rax, rax
      holds.push_back(writer_.jumpIfNotEqual());
    }
    writer_.loadConstant(rcx, 1);
    const CodeWriter::Forward fails = writer_.jumpAhead();
    code.end = code.failed = writer_.here();
    for (const CodeWriter::Forward jump : holds) writer_.bind(jump);
    writer_.loadConstant(rcx, 0);
    writer_.bind(fails);
    writer_.load(rdx, savedRdx);
    writer_.load(rax, savedFlags);
    writer_.restoreFlagsFromRax();
    writer_.state.flagsSaved = false;
    writer_.load(rax, savedRax);
    writer_.state.raxSaved = false;
    return true;
  }

  void noteMatch() {
    writer_.load(rcx, field(offsetof(PassData, program.counter)));
    writer_.store(field(offsetof(PassData, lastMatch)), rcx);
    writer_.store(field(offsetof(PassData, program.rax)), rax);
    writer_.state.raxSaved = true;
    writer_.loadConstant(rax, request_.orderAddress);
    writer_.load(rcx, Operand::at(rax, 0));
    writer_.loadAddress(rcx, Operand::at(rcx, 1));
    writer_.store(Operand::at(rax, 0), rcx);
    writer_.load(rax, field(offsetof(PassData, program.rax)));
    writer_.state.raxSaved = false;
    writer_.store(field(offsetof(PassData, order)), rcx);
  }

  const PassRequest& request_;
  CodeWriter writer_;
};

}  // namespace

PassStub buildPassStub(const PassRequest& request) {
  if (request.copyBytes > 1) {
    PassStub stub = PassWriter(request).write(request.copyBytes);
    if (stub.error == MatcherError::none) return stub;
  }
  return PassWriter(request).write(1);
}

}  // namespace rr
