#include "patch/pass-stub.h"

#include <cstddef>

namespace rr {

namespace {

using enum GeneralRegister;

class PassWriter {
 public:
  explicit PassWriter(const PassRequest& request) : request_(request), writer_(request.codeAddress) {}

  MatcherStub write(uint8_t copyBytes) {
    MatcherStub stub;
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
      filter();
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
    writer_.load(rcx, field(offsetof(PassData, program.rcx)));
    writer_.state.rcxSaved = false;
    stub.trap = writer_.here();
    writer_.breakpoint();
    const CodeWriter::Forward trapped = writer_.jumpAhead();
    writer_.bind(goesOn);
    if (otherPass) writer_.bind(*otherPass);
    writer_.state = noted;
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

MatcherStub buildPassStub(const PassRequest& request) {
  if (request.copyBytes > 1) {
    MatcherStub stub = PassWriter(request).write(request.copyBytes);
    if (stub.error == MatcherError::none) return stub;
  }
  return PassWriter(request).write(1);
}

}  // namespace rr
