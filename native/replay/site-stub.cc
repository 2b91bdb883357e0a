#include "replay/site-stub.h"

#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <utility>

#include "patch/instruction.h"
#include "replay/remote-call.h"

namespace rr {

namespace {

// Bytes of code that are read at the site.
constexpr size_t kCodeBytes = 64;
// Of the code before and behind a site, so much is looked at for the loop around it. Bytes.
constexpr uint64_t kLoopReach = 1024;

}  // namespace

std::span<const uint8_t> SiteStub::hidden() const {
  if (!stub_) return {};
  return std::span(code_).first(place_.jump.length);
}

bool SiteStub::findPlace() {
  code_.resize(kCodeBytes);
  const ssize_t got = memory_.read(site_, code_.data(), code_.size());
  code_.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (code_.empty()) return false;
  const DecodedInstruction decoded = decodeInstruction(code_);
  if (!decoded || (mayChange_ && holdsConstant(decoded.instruction))) return false;
  const auto place = stubs_.find(tid_, site_, decoded.instruction.length, code_);
  if (!place) return false;
  place_ = *place;
  // Where the program may write to it by another mapping alone, this one needs none.
  needsGuard_ = mayChange_ && text_.protection == 0 && !stubs_.isConstantCode(tid_, guardStart(), guardEnd());
  return true;
}

void SiteStub::explore() {
  if (isExplored_) return;
  isExplored_ = true;
  uint64_t address = 0;
  std::vector<uint8_t> code = readAround(memory_, site_, kLoopReach, address);
  if (code.empty()) return;
  const std::span<const uint8_t> program = hidden();
  const auto at = static_cast<ptrdiff_t>(site_ - address);
  std::ranges::copy(program.first(std::min(program.size(), code.size() - static_cast<size_t>(at))), code.begin() + at);
  constexpr size_t kMostSites = 1024;
  if (explored_.size() >= kMostSites) explored_.clear();
  SiteCode& known = explored_[site_];
  if (known.address != address || known.bytes != code) known = exploreSite(address, std::move(code), site_);
  const FlowGraph& graph = known.graph;
  mayCopyLoop_ = !graph.empty() && stubs_.isConstantCode(tid_, graph.front().address, graph.back().next());
  if (!graph.empty()) siteCode_ = &known;
}

bool SiteStub::put(MatcherRequest request) {
  request.codeAddress = place_.code;
  request.codeCapacity = place_.capacity;
  request.dataAddress = place_.data;
  request.site = site_;
  request.siteCode = code_;
  request.copyBytes = static_cast<uint8_t>(place_.jump.length + place_.jump.borrowed);
  request.flagsAreDead = siteCode_ && siteCode_->flagsAreDeadAt(siteCode_->site);
  if (mayCopyLoop_) request.loop = siteCode_;
  MatcherStub stub = buildMatcherStub(request);
  if (stub.error != MatcherError::none || !write(stub)) return false;
  // The jump of a stub that was there leads to the new one.
  if (!stub_) {
    guarded_ = needsGuard_ && closeGuard();
    if (guarded_ != needsGuard_) return false;
    if (!writeJump()) {
      stub_ = std::move(stub);
      remove();
      return false;
    }
  }
  stub_ = std::move(stub);
  return true;
}

// In one call of the kernel's where that is allowed: a seccomp filter may refuse it, as a container's does.
bool SiteStub::write(const MatcherStub& stub) const {
  const auto* data = reinterpret_cast<const uint8_t*>(&stub.initialData);
  const iovec local[2] = {{const_cast<uint8_t*>(stub.code.data()), stub.code.size()},
                          {const_cast<uint8_t*>(data), sizeof stub.initialData}};
  const iovec remote[2] = {{reinterpret_cast<void*>(stub.codeAddress), local[0].iov_len},
                           {reinterpret_cast<void*>(stub.dataAddress), local[1].iov_len}};
  const auto length = static_cast<ssize_t>(local[0].iov_len + local[1].iov_len);
  return process_vm_writev(tid_, local, 2, remote, 2, 0) == length ||
         (memory_.writeAll(stub.codeAddress, stub.code.data(), local[0].iov_len) &&
          memory_.writeAll(stub.dataAddress, data, local[1].iov_len));
}

bool SiteStub::writeJump() const {
  const OpenText open(tid_, site_, place_.jump.length, text_);
  return memory_.writeAll(site_, place_.jump.bytes.data(), place_.jump.length);
}

// What the program has written there meanwhile by another mapping stays.
void SiteStub::removeJump() const {
  const OpenText open(tid_, site_, place_.jump.length, text_);
  std::vector<uint8_t> code(code_.begin(), code_.begin() + place_.jump.length);
  std::vector<uint8_t> now(code.size());
  if (text_.isShared && memory_.readAll(site_, now.data(), now.size())) {
    for (size_t i = 0; i < code.size(); i++) {
      if (now[i] != place_.jump.bytes[i]) code[i] = now[i];
    }
  }
  memory_.writeAll(site_, code.data(), code.size());
}

bool SiteStub::readData(MatcherData& data) const { return memory_.readAll(stub_->dataAddress, &data, sizeof data); }

bool SiteStub::protect(int protection) const {
  const uint64_t arguments[6] = {guardStart(), guardEnd() - guardStart(), static_cast<uint64_t>(protection), 0, 0, 0};
  return remoteCall(tid_, SYS_mprotect, arguments) == 0;
}

void SiteStub::remove() {
  if (!stub_) return;
  removeJump();
  if (guarded_) openGuard();
  drop();
}

}  // namespace rr
