#include "replay/point-search.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>

#include "patch/instruction.h"
#include "replay/counted-loop.h"
#include "replay/own-pages.h"
#include "tracee/abi.h"

namespace rr {

namespace {

constexpr int kHitsAtOnce = 4096;
// Hits whose states choose the discriminator, at most, before a stub is built.
constexpr size_t kTrialHits = 4;
// And at least: one tells nothing of which registers move, nor of how soon the task comes again.
constexpr size_t kFewTrialHits = 2;
// A pass that is known to be as near as this is reached by the breakpoint.
constexpr uint64_t kFewPasses = 2;
// A site that comes again sooner than this, as the task's processor time goes, one trap included, is hot: there the
// stub does without counting, if it can be faster so. Nanoseconds.
constexpr uint64_t kHotTurn = 200'000;
// When a discriminator has said maybe so often, another one is chosen; after some of them, each given four times as
// much, the last one stays.
constexpr uint64_t kFirstMaybes = 200;
constexpr uint64_t kMostMaybes = 200 * 4 * 4 * 4;
// A countdown of so many passes is worth a look at the loop around the site.
constexpr uint64_t kManyPasses = 1000;
// To sum up so much costs more than to compare the pieces first. Bytes.
constexpr uint64_t kMuchToSum = 128 << 10;
// Words that a stub compares besides the discriminator, at most; and how often they are refined.
constexpr size_t kMaximumWords = 80;
constexpr unsigned kMaximumRefinements = 200;
constexpr size_t kWordsAtOnce = 8;
// Traps of a stub that were not the point, so that it is better to learn anew at the next point there.
constexpr unsigned kFewFalseTraps = 1;

constexpr uint64_t kResumeFlag = 1 << 16;  // RF: the breakpoint at rip does not act on the next instruction

// A stub's jump, and what it borrows, would be written into our pages.
bool isNearOurs(uint64_t site) {
  constexpr uint64_t kReach = 2 * kLongestInstruction;
  return touchesOurs(site - std::min(site, kReach), 2 * kReach);
}

bool sameRegisters(user_regs_struct a, user_regs_struct b) {
  a.orig_rax = b.orig_rax = 0;
  a.eflags &= ~(kResumeFlag | kTrapFlag);
  b.eflags &= ~(kResumeFlag | kTrapFlag);
  return memcmp(&a, &b, sizeof a) == 0;
}

// To compare it costs less than to count. What costs more is counted, for later replays.
bool isCheap(const StateWord& word) {
  return !std::holds_alternative<X87Word>(word) && !std::holds_alternative<ExtendedWord>(word);
}

bool sameWord(const StateWord& a, const StateWord& b) {
  if (a.index() != b.index()) return false;
  if (const auto* memory = std::get_if<MemoryWord>(&a)) return memory->address == std::get<MemoryWord>(b).address;
  if (const auto* vector = std::get_if<VectorWord>(&a)) {
    const auto& other = std::get<VectorWord>(b);
    return vector->vector == other.vector && vector->lane == other.lane;
  }
  if (const auto* x87 = std::get_if<X87Word>(&a)) {
    const auto& other = std::get<X87Word>(b);
    return x87->number == other.number && x87->upper == other.upper;
  }
  if (const auto* extended = std::get_if<ExtendedWord>(&a)) return extended->offset == std::get<ExtendedWord>(b).offset;
  return false;
}

RegisterState registerState(user_regs_struct registers) {
  RegisterState state;
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    state.general[i] = registerField(registers, static_cast<GeneralRegister>(i));
  }
  state.flags = registers.eflags;
  return state;
}

}  // namespace

PointSearch::PointSearch(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, PointBuffers& buffers,
                         const PointTarget& target)
    : tid_(tid),
      memory_(memory),
      pieces_(buffers.memory),
      vectors_(buffers.vectors),
      hints_(buffers.hints),
      target_(target.registers),
      ordinal_(target.ordinal),
      ticks_(target.ticks),
      checksums_(target.checksums),
      malformed_(!buffers.memory.begin(tid, memory, target.pieces, target.registers.rip)),
      text_(target.sharedCode ? SharedText::at(tid, target.registers.rip) : SharedText{}),
      // A jump would show in the other mappings. So does the breakpoint where there are no debug registers.
      oracleOnly_(target.oracleOnly || isNearOurs(target.registers.rip) ||
                  (target.sharedCode && !ExecutionBreakpoint::standsInWay())),
      countAll_(target.countAll),
      codeStays_(target.codeStays),
      ordinalIsSure_(target.ordinalIsSure && target.ordinal > 0),
      trials_(buffers.memory, buffers.vectors, target.registers),
      mostMaybes_(kFirstMaybes),
      stub_(tid, memory, stubs, buffers.sites, target.registers.rip, !target.codeStays, text_) {
  vectors_.begin(tid, target.xsave);
  if (!target.oracleOnly && ticks_.counter == nullptr) {
    uint8_t code[kLongestInstruction];
    const ssize_t length = memory.read(target.registers.rip, code, sizeof code);
    countsInPlace_ = length > 0 && countsInPlace({code, static_cast<size_t>(length)}, target.registers.rip);
  }
  uint64_t total = 0;
  bool hasSite = false;
  for (const ChecksumEntry& each : checksums_) {
    total += std::min(each.length, kMuchToSum);
    hasSite |= each.start < target_.rip + kLongestInstruction && each.start + each.length > target_.rip;
  }
  // Where the site's page counts, they would tell of a jump of ours.
  if (hasSite || total >= kMuchToSum) checksums_ = {};
}

bool PointSearch::sameState(const user_regs_struct& found, PointCounts& counts) {
  if (!sameRegisters(found, target_) || !ticks_.maybeHere()) return false;
  uint64_t differsAt = 0;
  if (!vectors_.same()) {
    pieces_.same(hidden(), differsAt);
  } else {
    // They say more than the pieces, and are of fewer pages.
    checksumsAgree_ =
        !checksums_.empty() && firstUnequalChecksum(tid_, memory_, checksums_, 0, kReadAnyway) == checksums_.size();
    if (checksumsAgree_ || pieces_.same(hidden(), differsAt)) return true;
  }
  counts.sameRegisters++;
  counts.differsAt = differsAt;
  return false;
}

// A hit that was not the point.
void PointSearch::learn(const user_regs_struct& found) {
  trials_.add(found, hidden());
  const uint64_t now = processorTime(tid_);
  if (now > triedAt_) shortestTurn_ = std::min(shortestTurn_, now - triedAt_);
  triedAt_ = now;
}

// Whether another hit may teach what a stub is to look at.
bool PointSearch::wantsTrial() {
  const size_t count = trials_.count();
  if (count < kFewTrialHits) return true;
  if (count >= kTrialHits) return false;
  return !trials_.suffice(hidden());
}

// At a trap that was not the point: adds some words that differ, to be compared first from now on. Those that differed
// at most of the stops tell most: a counter does at each, while of a recursion's frames each differs for some time
// only.
void PointSearch::refine() {
  if (refinements_ >= kMaximumRefinements) return;
  pieces_.sample(hidden(), true);
  std::vector<PointPieces::Word> differing;
  pieces_.eachDiffering(hidden(), [&](const PointPieces::Word& word) {
    if (word.readable) differing.push_back(word);
  });
  std::ranges::stable_sort(differing, std::ranges::greater{}, [](const auto& word) { return word.differed; });
  std::vector<WordMatch>& words = choice_.words;
  std::vector<WordMatch> added;
  for (const PointPieces::Word& word : differing) {
    if (added.size() >= kWordsAtOnce) break;
    const WordMatch match = {MemoryWord{word.address}, word.value};
    const bool known =
        std::ranges::any_of(words, [&](const WordMatch& each) { return sameWord(each.word, match.word); });
    if (!known) added.push_back(match);
  }
  if (added.empty()) {
    bool lowerHalf = false;
    if (const auto lane = vectors_.differingLane(lowerHalf)) added.push_back(*lane);
  }
  if (added.empty()) return;
  const std::vector<WordMatch> before = words;
  words.insert(words.begin(), added.begin(), added.end());
  if (words.size() > kMaximumWords) words.resize(kMaximumWords);
  refinements_++;
  if (!install(StubKind::match)) words = before;
}

// The discriminator has the wanted value too often: here, too, where the state is another one.
void PointSearch::chooseAnew(const user_regs_struct& found) {
  mostMaybes_ = mostMaybes_ < kMostMaybes ? mostMaybes_ * 4 : 0;
  trials_.add(found, hidden());
  PointChoice chosen = trials_.choose(hidden());
  if (!chosen.discriminator) return;
  std::vector<WordMatch> added = std::move(chosen.words);
  if (!std::holds_alternative<RegisterWord>(choice_.discriminator->word)) added.push_back(*choice_.discriminator);
  // What has told before comes first.
  chosen.words = choice_.words;
  for (const WordMatch& each : added) {
    const bool known =
        std::ranges::any_of(chosen.words, [&](const WordMatch& other) { return sameWord(each.word, other.word); });
    if (!known && chosen.words.size() < kMaximumWords) chosen.words.push_back(each);
  }
  std::swap(choice_, chosen);
  if (!install(StubKind::match)) std::swap(choice_, chosen);
}

// Puts a stub into the task, which is stopped outside of it or at its trap. From the site itself the task goes on
// behind the stub's count. False when this site cannot have one.
bool PointSearch::install(StubKind kind) {
  if (!stub_ && !stub_.findPlace()) return false;
  const uint64_t counted = stub_ ? passesOfStub() : 0;
  MatcherRequest request;
  if (kind == StubKind::match) {
    countsPasses_ = countAll_ || shortestTurn_ >= kHotTurn || !isCheap(choice_.discriminator->word);
    request.discriminator = *choice_.discriminator;
    request.words = choice_.words;
    request.registers = registerState(target_);
    request.lowerHalfTells = choice_.lowerHalfTells;
    request.countPasses = countsPasses_;
    request.mostMaybes = mostMaybes_;
    if (!countsPasses_) stub_.explore();
  } else {
    request.discriminator = Countdown{kind == StubKind::trial ? 1 : ordinal_};
    if (kind == StubKind::countdown && ordinal_ > kManyPasses && !ordinalIsSure_) stub_.explore();
  }
  if (!stub_.put(request)) return false;
  passes_ += counted;
  stubKind_ = kind;
  if (from_.rip == target_.rip) from_.rip = resumeAddress(*stub_, from_.eflags);
  return true;
}

// What the stub in place has counted.
uint64_t PointSearch::passesOfStub() const {
  MatcherData data;
  if (stubKind_ == StubKind::trial || stub_->counterStep == 0 || !stub_.readData(data)) return 0;
  return passesIn(data);
}

uint64_t PointSearch::passesIn(const MatcherData& data) const {
  switch (stubKind_) {
    case StubKind::trial:
      return 0;
    case StubKind::countdown:
      return ordinal_ - data.counter;
    case StubKind::match:
      break;
  }
  return stub_->counterStep != 0 ? data.counter : 0;
}

// What told earlier points of this address from its other passes.
bool PointSearch::recall() {
  PointHints::Hint hint;
  if (!hints_.recall(target_, pieces_, hint)) return false;
  choice_ = std::move(hint.choice);
  shortestTurn_ = hint.turn;
  return true;
}

// For the next point of this address. What led to more traps than hits would cost is not worth it.
void PointSearch::remember() {
  if (falseTraps_ > kFewFalseTraps || !isCheap(choice_.discriminator->word)) {
    hints_.forget(target_.rip);
  } else {
    hints_.remember(target_.rip, {choice_, shortestTurn_});
  }
}

// At the end of a search by stubs.
void PointSearch::tellPasses(uint64_t last, PointCounts& counts) {
  counts.passes += passes_ + last;
  passes_ = 0;
  counts.uncounted |= stubKind_ == StubKind::match && !countsPasses_;
}

// The task stands at the site, at a pass that is not the point: goes on from there, with a stub that compares as soon
// as it is known what. kSearchOn, or -errno.
int PointSearch::leaveHit(const user_regs_struct& found, PointCounts& counts) {
  from_ = found;
  if (oracleOnly_ || matcherRefused_) return kSearchOn;
  learn(found);
  const bool tries = wantsTrial();
  if (tries && !stub_) return kSearchOn;
  if (!tries) choice_ = trials_.choose(hidden());
  if (tries || choice_.discriminator) {
    // A stub's place is found by the program's own code.
    if (!stub_) clearOurs();
    if (install(tries ? StubKind::trial : StubKind::match)) {
      counts.matchers += !tries;
      return kSearchOn;
    }
  }
  matcherRefused_ = true;
  if (stub_) {
    stub_.remove();
  } else if (breakpoint_) {
    return kSearchOn;
  }
  return setBreakpoint() ? kSearchOn : -errno;
}

// Where the site is a loop that only counts: takes the task, which stands there, on to the pass that may be the point,
// or to the last one. There can be millions, and such a site is so short that it hardly ever has a stub. False with
// errno set.
bool PointSearch::leaveOutPasses(user_regs_struct& found, PointCounts& counts) {
  user_regs_struct there = found;
  there.rcx = target_.rcx;
  uint64_t passes = passesAhead(found.rcx, target_.rcx, sameRegisters(there, target_));
  if (ordinal_ > 0) passes = std::min({passes, passesAhead(found.rcx, 1, false), ordinal_ - 1});
  if (passes == 0) return true;
  found.rcx -= passes;
  counts.passes += passes;
  if (ordinal_ > 0) ordinal_ -= passes;
  return ptrace(PTRACE_SETREGS, tid_, 0, &found) == 0;
}

// A hit of the breakpoint: a PointResult, or as leaveHit.
int PointSearch::handleHit(user_regs_struct& found, PointCounts& counts) {
  found.eflags &= ~kResumeFlag;
  counts.hits++;
  counts.passes++;
  if (countsInPlace_ && !leaveOutPasses(found, counts)) return -errno;
  if (ordinal_ > 1) {
    ordinal_--;
    from_ = found;
    return kSearchOn;
  }
  if (ordinalIsSure_ || sameState(found, counts)) return kPointFound;
  if (ordinal_ == 1) return kPointNotThere;
  if (ticks_.passed()) return kTicksPassed;
  return leaveHit(found, counts);
}

// Makes the task ready to run from from_, with a stub in place, or the breakpoint. Code that may not be there yet, as a
// JIT compiler's, has no stub before its first hit: it would be written over the jump. 0, or -errno.
int PointSearch::begin(PointStart start, PointCounts& counts) {
  // The oracle compares states, and believes no count but one that is sure.
  if (oracleOnly_ && !ordinalIsSure_) ordinal_ = 0;
  if (start == PointStart::kBehind && hasLearned() && !matcherRefused_) {
    if (install(StubKind::match)) {
      counts.matchers++;
      return 0;
    }
  } else if (!oracleOnly_ && ordinal_ > (codeStays_ ? 0 : kFewPasses)) {
    if (install(StubKind::countdown)) {
      counts.matchers++;
      return 0;
    }
  } else if (ordinal_ == 0 && !oracleOnly_) {
    if (codeStays_ && ticks_.counter == nullptr && recall()) {
      if (install(StubKind::match)) {
        counts.matchers++;
        return 0;
      }
      choice_ = {};
    }
    trials_.begin(from_);
    triedAt_ = processorTime(tid_);
    if (codeStays_ && ticks_.counter == nullptr && install(StubKind::trial)) return 0;
  }
  return setBreakpoint() ? 0 : -errno;
}

int PointSearch::run(PointStart start, const user_regs_struct& next, user_regs_struct& found, PointCounts& counts) {
  if (malformed_) return kPointBadState;
  bool running = start == PointStart::kRunning;
  pieces_.forget();
  if (!running) {
    from_ = next;
    if (start == PointStart::kStanding && ordinal_ == 0 && sameState(from_, counts)) {
      found = from_;
      return kPointFound;
    }
    if (const int error = begin(start, counts); error != 0) return error;
  }
  for (int oracleHits = 0; oracleHits < kHitsAtOnce;) {
    int status = kSearchOn;
    bool cameAgain = false;
    pieces_.forget();
    if (!running) standsAtSite_ = from_.rip == target_.rip;
    if (!running && !stub_ && standsAtSite_) {
      // With a sure count it must be known whether the task has left the site, wherever it stops.
      if (ExecutionBreakpoint::standsInWay() || ordinalIsSure_) {
        status = stepOffSite(found, cameAgain);
      } else {
        from_.eflags |= kResumeFlag;
      }
    }
    if (status == kSearchOn) {
      status = running ? waitForStop(tid_, found) : resumeToStop(tid_, Resume::kSysemu, 0, from_, found);
    }
    if (status == -EINTR) return status;
    running = false;
    int result = status;
    if (stub_) {
      result = handleStubStop(status, found, counts);
    } else {
      if (isGuardedWrite(status)) {
        result = stepGuardedWrite(found);
        cameAgain = result == kSearchOn && found.rip == target_.rip;
      }
      if (cameAgain || hasHit(status, found)) {
        oracleHits++;
        result = handleHit(found, counts);
      } else if (result == status && hasComeUnmet(status, found)) {
        counts.passes++;
      }
      if (result != kSearchOn) clearOurs();
    }
    if (result != kSearchOn) return result;
  }
  clearOurs();
  return kPointGoOn;
}

// Code that the program may write over is guarded, where the breakpoint stands in it.
bool PointSearch::setBreakpoint() {
  clearOurs();
  {
    const OpenText open(tid_, target_.rip, 1, ExecutionBreakpoint::standsInWay() ? text_ : SharedText{});
    if (!breakpoint_.set(tid_, memory_, target_.rip)) return false;
  }
  if (ExecutionBreakpoint::standsInWay() && !codeStays_) guard_.close(tid_, target_.rip, kLongestInstruction);
  return true;
}

// Also of a task that has ended.
void PointSearch::clearOurs() {
  {
    const OpenText open(tid_, target_.rip, 1, breakpoint_.hidden().empty() ? SharedText{} : text_);
    breakpoint_.clear(tid_);
  }
  guard_.open(tid_);
}

bool PointSearch::isGuardedWrite(int status) const {
  if (status < 0 || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSEGV || (status >> 16) != 0) return false;
  siginfo_t info = {};
  return ptrace(PTRACE_GETSIGINFO, tid_, 0, &info) == 0 && info.si_code > 0 && info.si_code != SI_KERNEL &&
         guard_.covers(reinterpret_cast<uint64_t>(info.si_addr));
}

// The program writes to code at the site or near it: one step without what is ours there. kSearchOn, or its stop.
int PointSearch::stepGuardedWrite(user_regs_struct& found) {
  clearOurs();
  int status = resumeToStop(tid_, Resume::kSysemuStep, 0, found, found);
  while (status == -EINTR) status = waitForStop(tid_, found);
  if (!isTrap(status)) return status;
  from_ = found;
  return setBreakpoint() ? kSearchOn : -errno;
}

// Something else has stopped the task where it has come to the site. The next search begins there, and does not see
// that. At a call whose instruction ends there it is still to come.
bool PointSearch::hasComeUnmet(int status, const user_regs_struct& found) const {
  return !standsAtSite_ && status >= 0 && WIFSTOPPED(status) && !isCallStop(status) && found.rip == target_.rip;
}

// A stop of a task without a stub: by our breakpoint.
bool PointSearch::hasHit(int status, user_regs_struct& found) const {
  siginfo_t info = {};
  return isTrap(status) && ptrace(PTRACE_GETSIGINFO, tid_, 0, &info) == 0 && breakpoint_.isHit(tid_, info, found);
}

// One step from the site, where the breakpoint would stand in the way: kSearchOn when the task is elsewhere then, else
// its stop. `cameAgain`: a loop of one instruction has brought it to the site again.
int PointSearch::stepOffSite(user_regs_struct& found, bool& cameAgain) {
  clearOurs();
  int status = resumeToStop(tid_, Resume::kSysemuStep, 0, from_, found);
  while (status == -EINTR) status = waitForStop(tid_, found);
  if (!isTrap(status)) return status;
  from_ = found;
  if (!setBreakpoint()) return -errno;
  standsAtSite_ = false;
  cameAgain = found.rip == target_.rip;
  return cameAgain ? status : kSearchOn;
}

}  // namespace rr
