// Stops of a searched task while a stub is in place: its traps, and what comes in between.
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "patch/instruction.h"
#include "replay/point-search.h"

namespace rr {

namespace {

// Faults of a discriminator that is reached by a register of the program's.
constexpr unsigned kMostStrayFaults = 8;
// Writes to the site's page that are let through, each by a step, before the stub makes way. And how far one of them
// may reach, bytes: from where it faults, a vector.
constexpr unsigned kMostGuardedWrites = 256;
constexpr uint64_t kLongestWrite = 64;
}  // namespace

// A trap of the stub's: a PointResult, or as leaveHit.
int PointSearch::handleStubTrap(user_regs_struct& found, PointCounts& counts) {
  const bool tired = found.rip != stub_->trap + 1;
  counts.hits++;
  counts.matchedAt += stubKind_ != StubKind::trial && !tired;
  counts.passes += stubKind_ == StubKind::trial;
  found.rip = target_.rip;
  // They are not needed any more, and so the same as those that are.
  if (stub_->changesFlags) found.eflags = (found.eflags & ~kStatusFlags) | (target_.eflags & kStatusFlags);
  if (!tired && (ordinalIsSure_ || sameState(found, counts))) {
    tellPasses(passesOfStub(), counts);
    if (stubKind_ == StubKind::match) remember();
    stub_.remove();
    return kPointFound;
  }
  switch (stubKind_) {
    case StubKind::trial:
      return leaveHit(found, counts);
    case StubKind::countdown:
      stub_.remove();
      return kPointNotThere;
    case StubKind::match:
      break;
  }
  falseTraps_++;
  from_ = found;
  if (tired) {
    chooseAnew(found);
  } else {
    refine();
  }
  from_.rip = resumeAddress(*stub_, found.eflags);
  return kSearchOn;
}

// The register that leads to the discriminator leads astray too often: from now on its address is loaded.
void PointSearch::leaveBase() {
  auto* word = choice_.discriminator ? std::get_if<MemoryWord>(&choice_.discriminator->word) : nullptr;
  if (word == nullptr || !word->base || ++strayFaults_ < kMostStrayFaults) return;
  word->base.reset();
  install(StubKind::match);
}

// The program is about to write to the site's page, elsewhere: kSearchOn, or what is for the caller.
int PointSearch::stepWrite(user_regs_struct& found) {
  if (!stub_.openGuard()) return -EACCES;
  int status = resumeToStop(tid_, Resume::kSysemuStep, 0, found, found);
  while (status == -EINTR) status = waitForStop(tid_, found);
  if (status >= 0 && WIFSTOPPED(status) && stub_.closeGuard() && isTrap(status)) {
    from_ = found;
    return kSearchOn;
  }
  if (status < 0 || !WIFSTOPPED(status)) {
    stub_.drop();  // the process has ended
  } else {
    stub_.remove();
  }
  return status;
}

// The program writes to the code at the site: its bytes must be there, and the breakpoint goes on without a stub.
int PointSearch::leaveCode(const user_regs_struct& found, uint64_t passes, PointCounts& counts) {
  if (stubKind_ == StubKind::countdown) ordinal_ -= passes;
  tellPasses(passes, counts);
  stub_.remove();
  matcherRefused_ = true;
  from_ = found;
  return setBreakpoint() ? kSearchOn : -errno;
}

// A stop while the stub is in place. kSearchOn, or what is for the caller.
int PointSearch::handleStubStop(int status, user_regs_struct& found, PointCounts& counts) {
  if (status < 0 || !WIFSTOPPED(status)) {
    stub_.drop();  // the process has ended
    return status;
  }
  const bool isTired = stub_->tired != 0 && found.rip == stub_->tired + 1;
  if (isTrap(status) && (isTired || found.rip == stub_->trap + 1)) return handleStubTrap(found, counts);
  MatcherData data;
  const bool comparing = isComparing(*stub_, found.rip);
  if (stub_.readData(data)) {
    const StubPlace place = restoreProgramState(*stub_, data, found);
    // Where it stands at the site it has come there, since it began behind: the next search does not see that any more.
    // At a call whose instruction ends there it is still to come.
    const uint64_t arrived = !isCallStop(status) && found.rip == target_.rip ? 1 : 0;
    siginfo_t info = {};
    const bool fault = WSTOPSIG(status) == SIGSEGV && (status >> 16) == 0 &&
                       ptrace(PTRACE_GETSIGINFO, tid_, 0, &info) == 0 && info.si_code > 0;
    const auto address = reinterpret_cast<uint64_t>(info.si_addr);
    if (fault && stub_.guards(address)) {
      const bool nearSite = address + kLongestWrite > target_.rip && address < target_.rip + kLongestInstruction;
      if (place == StubPlace::outside && !nearSite && ++guardedWrites_ <= kMostGuardedWrites) return stepWrite(found);
      return leaveCode(found, passesIn(data) + arrived, counts);
    }
    if (fault && comparing) {
      // A word of ours that is not mapped on this pass, so it does not match.
      leaveBase();
      from_ = found;
      if (place == StubPlace::atSite) from_.rip = resumeAddress(*stub_, from_.eflags);
      return kSearchOn;
    }
    tellPasses(passesIn(data) + arrived, counts);
  }
  stub_.remove();
  return status;
}

}  // namespace rr
