#include "replay/point-search.h"

#include <cpuid.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "patch/instruction.h"
#include "patch/jump.h"
#include "tracee/abi.h"
#include "tracee/breakpoint.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
constexpr int kHitsAtOnce = 4096;
// Hits by breakpoint whose states choose the discriminator, before a stub is built.
constexpr size_t kTrialHits = 4;
// So many are enough where a register had another value at each.
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
// Of the code before and behind a site, so much is looked at for the loop around it. Bytes.
constexpr uint64_t kLoopReach = 1024;
// Words that a stub compares besides the discriminator, at most; and how often they are refined.
constexpr size_t kMaximumWords = 80;
constexpr unsigned kMaximumRefinements = 200;
constexpr size_t kWordsAtOnce = 4;

constexpr uint64_t kResumeFlag = 1 << 16;  // RF: the breakpoint at rip does not act on the next instruction

// By the siginfo and not by DR6, which is empty now and then: under load some hypervisors deliver one #DB in 10^5 with
// no bit set there. The kernel takes that for `int1` and says TRAP_BRKPT. `int3` says SI_KERNEL.
bool hitBreakpoint(pid_t tid, const user_regs_struct& found, uint64_t address) {
  siginfo_t info = {};
  return found.rip == address && ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 &&
         (info.si_code == TRAP_HWBKPT || info.si_code == TRAP_BRKPT);
}

bool isTrap(int status) { return status >= 0 && WIFSTOPPED(status) && status >> 8 == SIGTRAP; }

bool sameRegisters(user_regs_struct a, user_regs_struct b) {
  a.orig_rax = b.orig_rax = 0;
  a.eflags &= ~(kResumeFlag | kTrapFlag);
  b.eflags &= ~(kResumeFlag | kTrapFlag);
  return memcmp(&a, &b, sizeof a) == 0;
}

// To compare it costs less than to count. What costs more is counted, for later replays.
bool isCheap(const StateWord& word) { return !std::holds_alternative<X87Word>(word); }

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
  return false;
}

// Where the XSAVE area has 16 vector registers, or parts of them.
struct XsaveLanes {
  size_t offset;
  unsigned firstVector;
  unsigned firstLane;
  unsigned count;  // lanes of each register
};

// Components of the XSAVE area's standard format (Intel SDM volume 1, 13.5; the offsets are the processor's, CPUID leaf
// 0DH): the legacy region has xmm, component 2 the upper halves of ymm, 6 those of zmm0 to 15, 7 zmm16 to 31 whole.
const std::vector<XsaveLanes>& xsaveLanes() {
  static const std::vector<XsaveLanes> lanes = [] {
    std::vector<XsaveLanes> found = {{160, 0, 0, 2}};
    const auto add = [&](unsigned component, unsigned firstVector, unsigned firstLane, unsigned count) {
      unsigned size = 0;
      unsigned offset = 0;
      unsigned ignored = 0;
      if (!__get_cpuid_count(0xd, component, &size, &offset, &ignored, &ignored) || size == 0) return;
      found.push_back({offset, firstVector, firstLane, count});
    };
    add(2, 0, 2, 2);
    add(6, 0, 4, 4);
    add(7, 16, 0, 8);
    return found;
  }();
  return lanes;
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
      stubs_(stubs),
      target_(target.registers),
      pieces_(buffers.pieces),
      expected_(buffers.expected),
      now_(buffers.now),
      order_(buffers.order),
      remote_(buffers.remote),
      xsaveNow_(buffers.xsave),
      xsave_(target.xsave.begin(), target.xsave.end()),
      ordinal_(target.ordinal),
      ticks_(target.ticks),
      pool_(buffers.pool),
      oracleOnly_(target.oracleOnly),
      countAll_(target.countAll),
      mostMaybes_(kFirstMaybes) {
  pieces_.clear();
  expected_.clear();
  std::span<const uint8_t> left = target.pieces;
  while (!left.empty() && !malformed_) {
    uint64_t header[2];
    malformed_ = left.size() < sizeof header;
    if (malformed_) break;
    memcpy(header, left.data(), sizeof header);
    left = left.subspan(sizeof header);
    malformed_ = header[1] > left.size() || header[0] >> 63 != 0;
    if (malformed_) break;
    pieces_.push_back({header[0], expected_.size(), header[1], 0, false});
    expected_.insert(expected_.end(), left.begin(), left.begin() + static_cast<ptrdiff_t>(header[1]));
    left = left.subspan(std::min((header[1] + 7) & ~uint64_t{7}, left.size()));
  }
  planReading();
}

// Pieces that overlap or share a page become one read: what it costs is the pages, not the bytes.
void PointSearch::planReading() {
  order_.resize(pieces_.size());
  for (uint32_t i = 0; i < order_.size(); i++) order_[i] = i;
  std::ranges::sort(order_, std::ranges::less{}, [&](uint32_t index) { return pieces_[index].address; });
  remote_.clear();
  size_t total = 0;
  uint64_t end = 0;
  for (const uint32_t index : order_) {
    PointPiece& piece = pieces_[index];
    // Nothing of a page that no piece is in: it might not be there.
    if (remote_.empty() || piece.address > ((end - 1) | (kPage - 1)) + 1 || piece.length == 0) {
      remote_.push_back({reinterpret_cast<void*>(piece.address), 0});
      end = piece.address;
    }
    iovec& span = remote_.back();
    const uint64_t start = reinterpret_cast<uint64_t>(span.iov_base);
    total -= span.iov_len;
    piece.nowOffset = total + (piece.address - start);
    end = std::max(end, piece.address + piece.length);
    span.iov_len = end - start;
    total += span.iov_len;
  }
  now_.resize(total);
}

// The words of the recorded pieces.
std::vector<PointWord>& PointSearch::pool() {
  if (poolMade_) return pool_;
  poolMade_ = true;
  pool_.clear();
  for (size_t i = 0; i < pieces_.size(); i++) {
    const PointPiece& piece = pieces_[i];
    for (uint64_t address = (piece.address + 7) & ~uint64_t{7}; address + 8 <= piece.address + piece.length;
         address += 8) {
      // Not the code at the site, which the stub's jump changes.
      if (address + 8 > target_.rip && address < target_.rip + kLongestInstruction) continue;
      const size_t at = address - piece.address;
      pool_.push_back({address, piece.offset + at, piece.nowOffset + at, i, 0});
    }
  }
  return pool_;
}

// Fills now_ with memory as the program has it: without the jump at the site. One call of the kernel's, if all is
// there.
void PointSearch::readPool() {
  if (poolRead_) return;
  poolRead_ = true;
  const iovec local = {now_.data(), now_.size()};
  const bool atOnce = remote_.size() <= IOV_MAX && process_vm_readv(tid_, &local, 1, remote_.data(), remote_.size(),
                                                                    0) == static_cast<ssize_t>(now_.size());
  for (PointPiece& piece : pieces_) {
    piece.readable = atOnce || memory_.readAll(piece.address, now_.data() + piece.nowOffset, piece.length);
    if (!jumpWritten_) continue;
    if (piece.address >= target_.rip + siteBytes_.size() || piece.address + piece.length <= target_.rip) continue;
    for (size_t i = 0; i < siteBytes_.size(); i++) {
      const uint64_t at = target_.rip + i;
      if (at >= piece.address && at < piece.address + piece.length) {
        now_[piece.nowOffset + (at - piece.address)] = siteBytes_[i];
      }
    }
  }
}

// As now_ has it.
bool PointSearch::hasChanged(const PointWord& word) const {
  return !pieces_[word.piece].readable || memcmp(now_.data() + word.nowOffset, expected_.data() + word.offset, 8) != 0;
}

uint64_t PointSearch::valueOf(const PointWord& word) const {
  uint64_t value;
  memcpy(&value, expected_.data() + word.offset, sizeof value);
  return value;
}

// Leaves memory as it is in now_.
bool PointSearch::sameMemory(uint64_t& differsAt) {
  readPool();
  for (const PointPiece& piece : pieces_) {
    const uint8_t* now = now_.data() + piece.nowOffset;
    const uint8_t* expected = expected_.data() + piece.offset;
    if (piece.readable && memcmp(now, expected, piece.length) == 0) continue;
    const auto first = std::mismatch(now, now + piece.length, expected).first;
    differsAt = piece.address + (piece.readable ? static_cast<uint64_t>(first - now) : 0);
    return false;
  }
  return true;
}

// Fills xsaveNow_; false when it is not of the recorded area's size. The zeros at the end of that are not recorded.
bool PointSearch::readXsave() {
  if (!getXsave(tid_, xsaveNow_) || xsave_.size() > xsaveNow_.size()) return false;
  xsave_.resize(xsaveNow_.size());
  return true;
}

bool PointSearch::sameXsave() {
  if (xsave_.empty()) return true;
  std::vector<uint8_t>& area = xsaveNow_;
  if (!readXsave()) return false;
  // XSTATE_BV, bytes 512 to 519: whether a component is marked in use while it holds its initial value is not state.
  constexpr size_t kHeader = 512;
  if (area.size() < kHeader + 8) return area == xsave_;
  return memcmp(area.data(), xsave_.data(), kHeader) == 0 &&
         memcmp(area.data() + kHeader + 8, xsave_.data() + kHeader + 8, area.size() - kHeader - 8) == 0;
}

bool PointSearch::sameState(const user_regs_struct& found, PointCounts& counts) {
  if (!sameRegisters(found, target_) || !ticks_.maybeHere()) return false;
  uint64_t differsAt = 0;
  if (sameMemory(differsAt) && sameXsave()) return true;
  counts.sameRegisters++;
  counts.differsAt = differsAt;
  return false;
}

// A hit that was not the point teaches what differs. Memory says more only where no register tells all hits from the
// point.
void PointSearch::observe(const user_regs_struct& found) {
  trials_.push_back(found);
  takeTurn();
  if (registerTells()) return;
  readPool();
  for (PointWord& word : pool()) word.differed += hasChanged(word);
}

void PointSearch::takeTurn() {
  const uint64_t now = processorTime(tid_);
  if (triedAt_ != 0 && now > triedAt_) shortestTurn_ = std::min(shortestTurn_, now - triedAt_);
  triedAt_ = now;
}

// Some register had another value than at the point at each trial hit.
bool PointSearch::registerTells() const {
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    if (useOf(static_cast<GeneralRegister>(i)).differed == trials_.size()) return true;
  }
  return false;
}

// And another one at each of them, so that it counts, perhaps.
bool PointSearch::registerMoves() const {
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    const RegisterUse use = useOf(static_cast<GeneralRegister>(i));
    if (use.differed == trials_.size() && use.moved + 1 == trials_.size()) return true;
  }
  return false;
}

PointSearch::RegisterUse PointSearch::useOf(GeneralRegister which) const {
  user_regs_struct target = target_;
  const uint64_t wanted = registerField(target, which);
  RegisterUse use;
  std::optional<uint64_t> before;
  for (user_regs_struct trial : trials_) {
    const uint64_t value = registerField(trial, which);
    use.differed += value != wanted;
    use.distance = std::min(use.distance, std::min(value - wanted, wanted - value));
    use.moved += before && value != *before;
    before = value;
  }
  return use;
}

// What differs from the recorded state at most of the trial hits: a register, else a word of memory, else a vector
// lane.
std::optional<WordMatch> PointSearch::chooseDiscriminator() {
  user_regs_struct target = target_;
  unsigned best = 0;
  unsigned moved = 0;
  uint64_t distance = 0;
  std::optional<WordMatch> chosen;
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    const auto which = static_cast<GeneralRegister>(i);
    const RegisterUse use = useOf(which);
    // What comes from afar is less likely to turn in a small circle.
    if (use.differed == 0 || std::tie(use.differed, use.moved, use.distance) <= std::tie(best, moved, distance)) {
      continue;
    }
    best = use.differed;
    moved = use.moved;
    distance = use.distance;
    chosen = WordMatch{RegisterWord{which}, registerField(target, which)};
  }
  // Nothing differs at more of them.
  if (best == trials_.size()) return chosen;
  for (const PointWord& word : pool()) {
    if (word.differed > best) {
      best = word.differed;
      chosen = WordMatch{MemoryWord{word.address}, valueOf(word)};
    }
  }
  return chosen ? chosen : differingLane();
}

// A lane of a vector register, or half of an x87 register, that differs now.
std::optional<WordMatch> PointSearch::differingLane() {
  if (!readXsave()) return std::nullopt;
  const std::vector<uint8_t>& area = xsaveNow_;
  const auto differs = [&](size_t offset) {
    return offset + 8 <= area.size() && memcmp(area.data() + offset, xsave_.data() + offset, 8) != 0;
  };
  const auto match = [&](const StateWord& word, size_t offset) {
    lanesLowerHalfDiffers_ = memcmp(area.data() + offset, xsave_.data() + offset, 4) != 0;
    uint64_t value;
    memcpy(&value, xsave_.data() + offset, sizeof value);
    return WordMatch{word, value};
  };
  for (const XsaveLanes& lanes : xsaveLanes()) {
    for (unsigned vector = 0; vector < 16; vector++) {
      for (unsigned lane = 0; lane < lanes.count; lane++) {
        const size_t offset = lanes.offset + (vector * lanes.count + lane) * 8;
        if (!differs(offset)) continue;
        return match(
            VectorWord{static_cast<uint8_t>(lanes.firstVector + vector), static_cast<uint8_t>(lanes.firstLane + lane)},
            offset);
      }
    }
  }
  // Intel SDM volume 1, table 10-2.
  constexpr size_t kX87Registers = 32;
  for (unsigned half = 0; half < 16; half++) {
    const size_t offset = kX87Registers + half * 8;
    if (differs(offset)) return match(X87Word{static_cast<uint8_t>(half / 2), half % 2 != 0}, offset);
  }
  return std::nullopt;
}

// At the last trial hit, as far as is known.
bool PointSearch::lowerHalfDiffers(const StateWord& word) const {
  if (const auto* asRegister = std::get_if<RegisterWord>(&word)) {
    user_regs_struct target = target_;
    user_regs_struct trial = trials_.back();
    return static_cast<uint32_t>(registerField(target, asRegister->which)) !=
           static_cast<uint32_t>(registerField(trial, asRegister->which));
  }
  if (const auto* memory = std::get_if<MemoryWord>(&word)) {
    for (const PointWord& known : pool_) {
      if (known.address != memory->address) continue;
      return memcmp(now_.data() + known.nowOffset, expected_.data() + known.offset, 4) != 0;
    }
    return false;
  }
  return lanesLowerHalfDiffers_;
}

// At a trap that was not the point: adds some words that differ, to be compared first from now on. Those that differed
// at most of the stops tell most: a counter does at each, while of a recursion's frames each differs for some time
// only.
void PointSearch::refine() {
  if (refinements_ >= kMaximumRefinements) return;
  readPool();
  std::vector<PointWord*> differing;
  for (PointWord& word : pool()) {
    if (!hasChanged(word)) continue;
    word.differed++;
    if (pieces_[word.piece].readable) differing.push_back(&word);
  }
  std::ranges::stable_sort(differing, std::ranges::greater{}, [](const PointWord* word) { return word->differed; });
  std::vector<WordMatch> added;
  for (const PointWord* word : differing) {
    if (added.size() >= kWordsAtOnce) break;
    const WordMatch match = {MemoryWord{word->address}, valueOf(*word)};
    const bool known =
        std::ranges::any_of(words_, [&](const WordMatch& each) { return sameWord(each.word, match.word); });
    if (!known) added.push_back(match);
  }
  if (added.empty()) {
    if (const auto lane = differingLane()) added.push_back(*lane);
  }
  if (added.empty()) return;
  const std::vector<WordMatch> before = words_;
  words_.insert(words_.begin(), added.begin(), added.end());
  if (words_.size() > kMaximumWords) words_.resize(kMaximumWords);
  refinements_++;
  // The code is written anew in its place; the site's jump stays.
  if (!installStub(programCode())) words_ = before;
}

// The discriminator has the wanted value too often: here, too, where the state is another one.
void PointSearch::chooseAnew(const user_regs_struct& found) {
  mostMaybes_ = mostMaybes_ < kMostMaybes ? mostMaybes_ * 4 : 0;
  trials_.push_back(found);
  readPool();
  for (PointWord& word : pool()) word.differed += hasChanged(word);
  const WordMatch before = *discriminator_;
  const bool lowerHalfTold = lowerHalfTells_;
  const auto chosen = chooseDiscriminator();
  if (!chosen) return;
  discriminator_ = chosen;
  lowerHalfTells_ = lowerHalfDiffers(chosen->word);
  if (!std::holds_alternative<RegisterWord>(before.word)) {
    const bool known =
        std::ranges::any_of(words_, [&](const WordMatch& each) { return sameWord(each.word, before.word); });
    if (!known && words_.size() < kMaximumWords) words_.push_back(before);
  }
  if (installStub(programCode())) return;
  discriminator_ = before;
  lowerHalfTells_ = lowerHalfTold;
}

// The program's bytes at the site.
std::vector<uint8_t> PointSearch::programCode() const {
  std::vector<uint8_t> code(64);
  const ssize_t got = memory_.read(target_.rip, code.data(), code.size());
  code.resize(got > 0 ? static_cast<size_t>(got) : 0);
  if (jumpWritten_) std::copy(siteBytes_.begin(), siteBytes_.end(), code.begin());
  return code;
}

// Looks at the code around the site, to keep the program in a copy of its loop.
void PointSearch::exploreCode() {
  uint64_t start = 0;
  std::vector<uint8_t> code = readAround(memory_, target_.rip, kLoopReach, start);
  if (code.empty()) return;
  siteCode_ = exploreSite(start, std::move(code), target_.rip);
  const FlowGraph& graph = siteCode_->graph;
  mayCopyLoop_ = !graph.empty() && stubs_.isConstantCode(tid_, graph.front().address, graph.back().next());
  if (graph.empty()) siteCode_.reset();
}

// Builds the stub for the present words, or for what is left of the ordinal, at codeAddress_ and writes it. False when
// it cannot be built.
bool PointSearch::installStub(std::span<const uint8_t> code) {
  if (code.empty()) return false;
  MatcherRequest request;
  request.codeAddress = codeAddress_;
  request.codeCapacity = codeCapacity_;
  request.dataAddress = dataAddress_;
  request.site = target_.rip;
  request.siteCode = code;
  request.copyBytes = copyBytes_;
  if (ordinal_ > 0) {
    request.discriminator = Countdown{ordinal_};
  } else {
    request.discriminator = *discriminator_;
    request.words = words_;
    request.registers = registerState(target_);
    request.lowerHalfTells = lowerHalfTells_;
    request.countPasses = countsPasses_;
    request.mostMaybes = mostMaybes_;
  }
  request.flagsAreDead = siteCode_ && siteCode_->flagsAreDeadAt(siteCode_->site);
  if (mayCopyLoop_) request.loop = &*siteCode_;
  MatcherStub stub = buildMatcherStub(request);
  if (stub.error != MatcherError::none) return false;
  if (stub_) takePasses(passesBefore_);
  const iovec local[2] = {{stub.code.data(), stub.code.size()}, {&stub.initialData, sizeof stub.initialData}};
  const iovec remote[2] = {{reinterpret_cast<void*>(stub.codeAddress), local[0].iov_len},
                           {reinterpret_cast<void*>(stub.dataAddress), local[1].iov_len}};
  const auto length = static_cast<ssize_t>(local[0].iov_len + local[1].iov_len);
  // A seccomp filter may refuse it, as a container's does.
  if (process_vm_writev(tid_, local, 2, remote, 2, 0) != length &&
      !(memory_.writeAll(stub.codeAddress, stub.code.data(), local[0].iov_len) &&
        memory_.writeAll(stub.dataAddress, reinterpret_cast<const uint8_t*>(&stub.initialData), local[1].iov_len))) {
    return false;
  }
  stub_ = std::move(stub);
  return true;
}

// Adds what the stub has counted.
void PointSearch::takePasses(uint64_t& passes) {
  MatcherData data;
  if (ordinal_ == 0 && stub_->counterStep != 0 && memory_.readAll(stub_->dataAddress, &data, sizeof data))
    passes += data.counter;
}

// Puts the stub into the task, which is stopped outside of it. False when this site cannot have one.
bool PointSearch::install(std::span<const uint8_t> code) {
  if (code.empty()) return false;
  const DecodedInstruction decoded = decodeInstruction(code);
  if (!decoded) return false;
  const auto place = stubs_.find(tid_, target_.rip, decoded.instruction.length, code);
  if (!place) return false;
  codeAddress_ = place->code;
  codeCapacity_ = place->capacity;
  copyBytes_ = static_cast<uint8_t>(place->jump.length + place->jump.borrowed);
  dataAddress_ = place->data;
  siteBytes_.assign(code.begin(), code.begin() + place->jump.length);
  if (!installStub(code)) return false;
  jumpWritten_ = true;
  if (memory_.writeAll(target_.rip, place->jump.bytes.data(), place->jump.length)) return true;
  uninstall();
  return false;
}

void PointSearch::uninstall() {
  if (jumpWritten_) memory_.writeAll(target_.rip, siteBytes_.data(), siteBytes_.size());
  jumpWritten_ = false;
  stub_.reset();
}

// Searches by a stub from the start: the pass is known, or what to look at. False when the site cannot have one.
bool PointSearch::beginWithStub() {
  if (ordinal_ > kManyPasses && !siteCode_) exploreCode();
  if (!install(programCode())) return false;
  // From the site itself the way goes on behind the count.
  if (from_.rip == target_.rip) from_.rip = resumeAddress(*stub_, from_.eflags);
  return true;
}

// A stop while the stub is in place. `finished`: the result is for the caller; else the search goes on from from_.
int PointSearch::handleStubStop(int status, user_regs_struct& found, PointCounts& counts, bool& finished) {
  finished = true;
  if (status < 0 || !WIFSTOPPED(status)) {
    stub_.reset();  // the process has ended
    return status;
  }
  const bool tired = stub_->tired != 0 && found.rip == stub_->tired + 1;
  if (isTrap(status) && (tired || found.rip == stub_->trap + 1)) {
    counts.hits++;
    counts.matchedAt += !tired;
    found.rip = target_.rip;
    // They are not needed any more, and so the same as those that are.
    if (stub_->changesFlags) found.eflags = (found.eflags & ~kStatusFlags) | (target_.eflags & kStatusFlags);
    if (!tired && sameState(found, counts)) {
      takePasses(counts.passes);
      counts.passes += passesBefore_;
      passesBefore_ = 0;
      counts.uncounted = !countsPasses_;
      uninstall();
      return kPointFound;
    }
    if (ordinal_ > 0) {
      uninstall();
      return kPointNotThere;
    }
    if (tired) {
      chooseAnew(found);
    } else {
      refine();
    }
    from_ = found;
    from_.rip = resumeAddress(*stub_, from_.eflags);
    finished = false;
    return 0;
  }
  MatcherData data;
  const bool comparing = isComparing(*stub_, found.rip);
  if (memory_.readAll(stub_->dataAddress, &data, sizeof data)) {
    const StubPlace place = restoreProgramState(*stub_, data, found);
    siginfo_t info = {};
    const bool fault = WSTOPSIG(status) == SIGSEGV && (status >> 16) == 0 &&
                       ptrace(PTRACE_GETSIGINFO, tid_, 0, &info) == 0 && info.si_code > 0;
    if (fault && comparing) {
      // A word of ours that is not mapped on this pass, so it does not match.
      from_ = found;
      if (place == StubPlace::atSite) from_.rip = resumeAddress(*stub_, from_.eflags);
      finished = false;
      return 0;
    }
  }
  uninstall();
  return status;
}

int PointSearch::run(PointStart start, const user_regs_struct& next, user_regs_struct& found, PointCounts& counts) {
  if (malformed_) return kPointBadState;
  bool running = start == PointStart::kRunning;
  poolRead_ = false;
  if (!running) {
    from_ = next;
    if (start == PointStart::kStanding && ordinal_ == 0 && sameState(from_, counts)) {
      found = from_;
      return kPointFound;
    }
    if (oracleOnly_) ordinal_ = 0;
    if (start == PointStart::kBehind && hasLearned() && !matcherRefused_ && beginWithStub()) {
      counts.matchers++;
    } else if (ordinal_ > kFewPasses && beginWithStub()) {
      counts.matchers++;
    } else if (!setBreakpoint(tid_, target_.rip)) {
      return -errno;
    }
  }
  for (int oracleHits = 0; oracleHits < kHitsAtOnce;) {
    if (!stub_ && from_.rip == target_.rip) from_.eflags |= kResumeFlag;
    poolRead_ = false;
    const int status = running ? waitForStop(tid_, found) : resumeToStop(tid_, Resume::kSysemu, 0, from_, found);
    if (status == -EINTR) return status;
    running = false;
    if (stub_) {
      bool finished = false;
      const int result = handleStubStop(status, found, counts, finished);
      if (finished) return result;
      continue;
    }
    if (!isTrap(status) || !hitBreakpoint(tid_, found, target_.rip)) {
      if (status >= 0 && WIFSTOPPED(status)) clearBreakpoint(tid_);
      return status;
    }
    found.eflags &= ~kResumeFlag;
    counts.hits++;
    counts.passes++;
    oracleHits++;
    if (ordinal_ > 1) {
      ordinal_--;
      from_ = found;
      continue;
    }
    if (sameState(found, counts)) {
      clearBreakpoint(tid_);
      return kPointFound;
    }
    if (ordinal_ == 1) {
      clearBreakpoint(tid_);
      return kPointNotThere;
    }
    if (ticks_.passed()) {
      clearBreakpoint(tid_);
      return kTicksPassed;
    }
    from_ = found;
    if (oracleOnly_ || matcherRefused_) continue;
    observe(found);
    if (trials_.size() < (registerMoves() ? kFewTrialHits : kTrialHits)) continue;
    discriminator_ = chooseDiscriminator();
    const std::vector<uint8_t> code = programCode();
    countsPasses_ = countAll_ || shortestTurn_ >= kHotTurn || !discriminator_ || !isCheap(discriminator_->word);
    if (!countsPasses_) exploreCode();
    lowerHalfTells_ = discriminator_ && lowerHalfDiffers(discriminator_->word);
    matcherRefused_ = !discriminator_ || !install(code);
    if (matcherRefused_) continue;
    counts.matchers++;
    clearBreakpoint(tid_);
    from_.rip = resumeAddress(*stub_, from_.eflags);
  }
  clearBreakpoint(tid_);
  return kPointGoOn;
}

}  // namespace rr
