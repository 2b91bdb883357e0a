#include "replay/pass-recorder.h"

#include <errno.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

#include "patch/instruction.h"
#include "replay/own-pages.h"
#include "replay/stops.h"

namespace rr {

namespace {

// Bytes of code that are read at a site.
constexpr size_t kCodeBytes = 32;
// A jump is at most so long, with the bytes that it borrows and prefixes without meaning.
constexpr uint64_t kJumpReach = 8;
// Where another site lies within so many bytes behind it, a stub copies its own instruction alone.
constexpr uint64_t kCopyReach = kJumpReach + kLongestInstruction;
// Behind a stub's PassData: what all count in, in the data of the first.
constexpr uint64_t kOrderAt = 384;
static_assert(sizeof(PassData) <= kOrderAt && kOrderAt + sizeof(uint64_t) <= kSmallStub);
// Code that computes a condition, bytes.
constexpr uint64_t kConditionStub = 2048;
// int3
constexpr uint8_t kBreakpoint = 0xcc;
// A stub has fewer instructions.
constexpr int kMostSteps = kConditionStub;

}  // namespace

PassRecorder::PassRecorder(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, std::span<const PassSite> sites)
    : tid_(tid), memory_(memory), areas_(stubs), counts_(sites.size()) {
  for (const PassSite& site : sites) stubs_.emplace_back().site = site;
}

// What will stand at a site and behind it: the program's bytes, and the jumps that are planned there.
std::vector<uint8_t> PassRecorder::plannedCode(const Stub& stub) const {
  std::vector<uint8_t> code = stub.own;
  for (const Stub& other : stubs_) {
    if (!other.place) continue;
    for (size_t i = 0; i < other.place->jump.length; i++) {
      const uint64_t at = other.site.address + i - stub.site.address;
      if (at < code.size()) code[at] = other.place->jump.bytes[i];
    }
  }
  return code;
}

// The jump of none may change what another one borrows. It may borrow bytes of a jump that was planned before it.
bool PassRecorder::fits(const Stub& stub) const {
  const AddressRange own = {stub.site.address, stub.site.address + stub.place->jump.length};
  return std::ranges::none_of(stubs_, [&](const Stub& other) {
    if (&other == &stub || !other.place) return false;
    const Jump& jump = other.place->jump;
    return own.start < other.site.address + jump.length + jump.borrowed && other.site.address < own.end;
  });
}

// Those that are needed first. Of these the ones behind come before those that may borrow their bytes.
std::vector<PassRecorder::Stub*> PassRecorder::inOrder() {
  std::vector<Stub*> order;
  for (Stub& stub : stubs_) order.push_back(&stub);
  std::ranges::stable_sort(order, [](const Stub* one, const Stub* other) {
    if (one->site.isNeeded != other->site.isNeeded) return one->site.isNeeded;
    return one->site.address > other->site.address;
  });
  return order;
}

// Finds a place for each that can have one. False where one that is needed cannot.
bool PassRecorder::place() {
  std::vector<StubAreas::Place> taken;
  for (Stub* stub : inOrder()) {
    const uint64_t site = stub->site.address;
    stub->own.resize(kCodeBytes);
    const ssize_t got = memory_.read(site, stub->own.data(), stub->own.size());
    stub->own.resize(got > 0 ? static_cast<size_t>(got) : 0);
    const DecodedInstruction decoded =
        stub->own.empty() || touchesOurs(site, kCopyReach) ? DecodedInstruction{} : decodeInstruction(stub->own);
    if (decoded) {
      stub->length = decoded.instruction.length;
      stub->planned = plannedCode(*stub);
      const uint64_t room = stub->site.filter == PassFilter::condition ? kConditionStub : kSmallStub;
      stub->place = areas_.findBeside(tid_, site, stub->length, stub->planned, taken, room);
      if (stub->place && !fits(*stub)) stub->place.reset();
    }
    if (stub->place) {
      taken.push_back(*stub->place);
    } else if (stub->site.isNeeded) {
      return false;
    }
  }
  return true;
}

// Whether what the jump is to borrow stands there.
bool PassRecorder::canBorrow(const Stub& stub) const {
  const Jump& jump = stub.place->jump;
  std::vector<uint8_t> borrowed(jump.borrowed);
  return memory_.readAll(stub.site.address + jump.length, borrowed.data(), borrowed.size()) &&
         std::ranges::equal(borrowed, std::span(stub.planned).subspan(jump.length, jump.borrowed));
}

bool PassRecorder::writeOne(Stub& stub, uint64_t orderAddress) {
  const uint64_t site = stub.site.address;
  const Jump& jump = stub.place->jump;
  // A breakpoint may stand in what the jump borrows: to copy that would make another one.
  const auto borrowed = std::span(stub.own).subspan(jump.length, jump.borrowed);
  const bool isAlone = std::ranges::find(borrowed, kBreakpoint) == borrowed.end() &&
                       std::ranges::none_of(stubs_, [&](const Stub& other) {
                         return other.place && other.site.address > site && other.site.address < site + kCopyReach;
                       });
  PassRequest request;
  request.codeAddress = stub.place->code;
  request.codeCapacity = stub.place->capacity;
  request.dataAddress = stub.place->data;
  request.orderAddress = orderAddress;
  request.site = site;
  request.siteCode = stub.own;
  request.copyBytes = isAlone ? static_cast<uint8_t>(jump.length + jump.borrowed) : uint8_t{1};
  request.filter = stub.site.filter;
  request.value = stub.site.value;
  request.conditions = &stub.site.conditions;
  request.limit = stub.site.limit;
  stub.code = buildPassStub(request);
  PassData data;
  data.left = stub.site.trapAt;
  if (stub.code->error != MatcherError::none || !canBorrow(stub) ||
      !memory_.writeAll(stub.code->codeAddress, stub.code->code.data(), stub.code->code.size()) ||
      !memory_.writeAll(stub.code->dataAddress, &data, sizeof data)) {
    stub.code.reset();
    return false;
  }
  stub.stands = memory_.writeAll(site, stub.place->jump.bytes.data(), stub.place->jump.length);
  return stub.stands;
}

bool PassRecorder::write() {
  const auto first = std::ranges::find_if(stubs_, [](const Stub& stub) { return stub.place.has_value(); });
  if (first == stubs_.end()) return false;
  const uint64_t orderAddress = first->place->data + kOrderAt;
  const uint64_t order = 0;
  if (!memory_.writeAll(orderAddress, &order, sizeof order)) return false;
  return std::ranges::all_of(
      inOrder(), [&](Stub* stub) { return !stub->place || writeOne(*stub, orderAddress) || !stub->site.isNeeded; });
}

void PassRecorder::removeAll() {
  for (Stub& stub : stubs_) {
    if (stub.stands) memory_.writeAll(stub.site.address, stub.own.data(), stub.place->jump.length);
    stub.stands = false;
  }
}

void PassRecorder::readCounts() {
  for (size_t i = 0; i < stubs_.size(); i++) {
    PassData data;
    if (!stubs_[i].stands || !memory_.readAll(stubs_[i].place->data, &data, sizeof data)) continue;
    counts_[i] = {true, data.program.counter, data.lastMatch, data.order};
  }
}

// The task has stopped: where it is within a stub it is taken to the stub's end, where the pass is counted and noted as
// a whole, and gets the program's registers. A task at a site itself has not come there yet as far as its counts go: it
// may also stand behind a call, or a breakpoint, that ends there. A PassRun or `status`.
int PassRecorder::leaveStub(int status, user_regs_struct& found) {
  for (size_t i = 0; i < stubs_.size(); i++) {
    Stub& stub = stubs_[i];
    if (!stub.stands) continue;
    // What the condition cannot compute is judged by who has asked for it.
    const auto leaveFault = [&](int stopped) {
      const int signal = stopped >= 0 && WIFSTOPPED(stopped) ? WSTOPSIG(stopped) : 0;
      const bool isFault = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE;
      if (isFault && stub.code->condition.holds(found.rip)) found.rip = stub.code->condition.failed;
    };
    leaveFault(status);
    const auto hasTrapped = [&] { return isTrap(status) && found.rip == stub.code->trap + 1; };
    for (int steps = 0; !hasTrapped() && isComparing(*stub.code, found.rip); steps++) {
      int stepped = steps < kMostSteps ? resumeToStop(tid_, Resume::kSysemuStep, 0, found, found) : -EDEADLK;
      while (stepped == -EINTR) stepped = waitForStop(tid_, found);
      if (stepped < 0 || !WIFSTOPPED(stepped)) return stepped;
      leaveFault(stepped);
      if (found.rip == stub.code->trap + 1) status = stepped;
    }
    if (hasTrapped()) {
      found.rip = stub.site.address;
      standsAt_ = static_cast<int>(i);
      return kPassTrapped;
    }
    MatcherData saved;
    if (!memory_.readAll(stub.place->data, &saved, sizeof saved)) continue;
    const uint64_t counted = saved.counter;
    const StubPlace place = restoreProgramState(*stub.code, saved, found);
    if (place == StubPlace::atSite && saved.counter != counted) standsAt_ = static_cast<int>(i);
    if (place != StubPlace::outside) break;
  }
  return status;
}

int PassRecorder::run(bool isRunning, const user_regs_struct& next, user_regs_struct& found) {
  int status;
  if (isRunning) {
    status = waitForStop(tid_, found);
  } else {
    user_regs_struct from = next;
    if (!place() || !write()) {
      removeAll();
      return kPassNoStub;
    }
    for (const Stub& stub : stubs_) {
      if (stub.stands && from.rip == stub.site.address) from.rip = stub.code->pass;
    }
    status = resumeToStop(tid_, Resume::kSysemu, 0, from, found);
  }
  if (status == -EINTR) return status;
  if (status >= 0 && WIFSTOPPED(status)) status = leaveStub(status, found);
  if (status >= 0 && !WIFSTOPPED(status)) {
    for (Stub& stub : stubs_) stub.stands = false;  // the process has ended
    return status;
  }
  readCounts();
  removeAll();
  return status;
}

}  // namespace rr
