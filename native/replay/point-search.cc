#include "replay/point-search.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>

#include "patch/free-space.h"
#include "patch/instruction.h"
#include "patch/jump.h"
#include "replay/remote-call.h"

namespace rr {

namespace {

constexpr int kHitsAtOnce = 4096;
// Hits by breakpoint whose states choose the discriminator, before a stub is built.
constexpr size_t kTrialHits = 5;
// Words that a stub compares besides the discriminator, at most; and how often they are refined.
constexpr size_t kMaximumWords = 24;
constexpr unsigned kMaximumRefinements = 64;

constexpr uint64_t kResumeFlag = 1 << 16;  // RF: the breakpoint at rip does not act on the next instruction
constexpr uint64_t kTrapFlag = 1 << 8;
constexpr uint64_t kPage = 4096;
// Gaps next to a mapping are left alone this far: stacks grow down. Bytes.
constexpr uint64_t kMargin = 1 << 20;

uint64_t debugOffset(size_t index) { return offsetof(struct user, u_debugreg) + index * sizeof(uint64_t); }

// Breakpoint 0 on execution of `address`; DR7 of Intel SDM volume 3, 18.2.4.
bool setBreakpoint(pid_t tid, uint64_t address) {
  return ptrace(PTRACE_POKEUSER, tid, debugOffset(0), address) == 0 &&
         ptrace(PTRACE_POKEUSER, tid, debugOffset(7), 1) == 0;
}

void clearBreakpoint(pid_t tid) { ptrace(PTRACE_POKEUSER, tid, debugOffset(7), 0); }

// By the siginfo and not by DR6: the kernel's copy of that is not updated when hits come faster than
// kernel.perf_event_max_sample_rate, while the signal is sent all the same.
bool hitBreakpoint(pid_t tid, const user_regs_struct& found, uint64_t address) {
  siginfo_t info = {};
  return found.rip == address && ptrace(PTRACE_GETSIGINFO, tid, 0, &info) == 0 && info.si_code == TRAP_HWBKPT;
}

bool isTrap(int status) { return status >= 0 && WIFSTOPPED(status) && status >> 8 == SIGTRAP; }

bool sameRegisters(user_regs_struct a, user_regs_struct b) {
  a.orig_rax = b.orig_rax = 0;
  a.eflags &= ~(kResumeFlag | kTrapFlag);
  b.eflags &= ~(kResumeFlag | kTrapFlag);
  return memcmp(&a, &b, sizeof a) == 0;
}

bool sameWord(const StateWord& a, const StateWord& b) {
  if (a.index() != b.index()) return false;
  if (const auto* memory = std::get_if<MemoryWord>(&a)) return memory->address == std::get<MemoryWord>(b).address;
  if (const auto* vector = std::get_if<VectorWord>(&a)) {
    const auto& other = std::get<VectorWord>(b);
    return vector->vector == other.vector && vector->lane == other.lane;
  }
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

PointSearch::PointSearch(pid_t tid, const TraceeMemory& memory, const user_regs_struct& target, const uint8_t* pieces,
                         size_t piecesLength, const uint8_t* xsave, size_t xsaveLength, bool oracleOnly)
    : tid_(tid), memory_(memory), target_(target), xsave_(xsave, xsave + xsaveLength), oracleOnly_(oracleOnly) {
  size_t at = 0;
  while (at < piecesLength && !malformed_) {
    uint64_t header[2];
    malformed_ = piecesLength - at < sizeof header;
    if (malformed_) break;
    memcpy(header, pieces + at, sizeof header);
    at += sizeof header;
    malformed_ = header[1] > piecesLength - at;
    if (malformed_) break;
    pieces_.push_back({header[0], std::vector<uint8_t>(pieces + at, pieces + at + header[1])});
    at += (header[1] + 7) & ~uint64_t{7};
  }
  for (const Piece& piece : pieces_) {
    for (uint64_t address = (piece.address + 7) & ~uint64_t{7}; address + 8 <= piece.address + piece.bytes.size();
         address += 8) {
      // Not the code at the site, which the stub's jump changes.
      if (address + 8 > target_.rip && address < target_.rip + kLongestInstruction) continue;
      uint64_t value;
      memcpy(&value, piece.bytes.data() + (address - piece.address), sizeof value);
      pool_.push_back({address, value, 0});
    }
  }
}

// Memory as the program has it: without the jump at the site.
bool PointSearch::readProgram(uint64_t address, uint8_t* into, size_t length) const {
  if (!memory_.readAll(address, into, length)) return false;
  if (!jumpWritten_) return true;
  for (size_t i = 0; i < siteBytes_.size(); i++) {
    const uint64_t at = target_.rip + i;
    if (at >= address && at < address + length) into[at - address] = siteBytes_[i];
  }
  return true;
}

std::optional<uint64_t> PointSearch::wordAt(uint64_t address) const {
  uint8_t bytes[8];
  if (!readProgram(address, bytes, sizeof bytes)) return std::nullopt;
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
  return value;
}

bool PointSearch::sameMemory(uint64_t& differsAt) {
  std::vector<uint8_t> bytes;
  for (const Piece& piece : pieces_) {
    bytes.resize(piece.bytes.size());
    const bool readable = readProgram(piece.address, bytes.data(), bytes.size());
    if (readable && bytes == piece.bytes) continue;
    const auto first = std::mismatch(bytes.begin(), bytes.end(), piece.bytes.begin()).first;
    differsAt = piece.address + (readable ? static_cast<uint64_t>(first - bytes.begin()) : 0);
    return false;
  }
  return true;
}

bool PointSearch::sameXsave() {
  if (xsave_.empty()) return true;
  std::vector<uint8_t> area;
  if (!getXsave(tid_, area) || area.size() != xsave_.size()) return false;
  // XSTATE_BV, bytes 512 to 519: whether a component is marked in use while it holds its initial value is not state.
  constexpr size_t kHeader = 512;
  if (area.size() < kHeader + 8) return area == xsave_;
  return memcmp(area.data(), xsave_.data(), kHeader) == 0 &&
         memcmp(area.data() + kHeader + 8, xsave_.data() + kHeader + 8, area.size() - kHeader - 8) == 0;
}

bool PointSearch::sameState(const user_regs_struct& found, PointCounts& counts) {
  if (!sameRegisters(found, target_)) return false;
  uint64_t differsAt = 0;
  if (sameMemory(differsAt) && sameXsave()) return true;
  counts.sameRegisters++;
  counts.differsAt = differsAt;
  return false;
}

// A hit that was not the point teaches what differs.
void PointSearch::observe(const user_regs_struct& found) {
  trials_.push_back(found);
  for (PoolWord& word : pool_) {
    const auto now = wordAt(word.address);
    if (!now || *now != word.value) word.differed++;
  }
}

// What differs from the recorded state at most of the trial hits: a register, else a word of memory, else a vector
// lane.
std::optional<WordMatch> PointSearch::chooseDiscriminator() const {
  user_regs_struct target = target_;
  unsigned best = 0;
  std::optional<WordMatch> chosen;
  for (unsigned i = 0; i < kGeneralRegisters; i++) {
    const auto which = static_cast<GeneralRegister>(i);
    const uint64_t value = registerField(target, which);
    unsigned differed = 0;
    for (user_regs_struct trial : trials_) differed += registerField(trial, which) != value;
    if (differed > best) {
      best = differed;
      chosen = WordMatch{RegisterWord{which}, value};
    }
  }
  for (const PoolWord& word : pool_) {
    if (word.differed > best) {
      best = word.differed;
      chosen = WordMatch{MemoryWord{word.address}, word.value};
    }
  }
  return chosen ? chosen : differingLane();
}

// A lane of an xmm register, or of the upper half of a ymm register, that differs now. The XSAVE area's standard
// format has them from bytes 160 and 576 on (Intel SDM volume 1, 13.4).
std::optional<WordMatch> PointSearch::differingLane() const {
  std::vector<uint8_t> area;
  if (!getXsave(tid_, area) || area.size() != xsave_.size()) return std::nullopt;
  for (const auto& [start, firstLane] : {std::pair<size_t, unsigned>{160, 0}, std::pair<size_t, unsigned>{576, 2}}) {
    for (unsigned vector = 0; vector < 16; vector++) {
      for (unsigned half = 0; half < 2; half++) {
        const size_t offset = start + vector * 16 + half * 8;
        if (offset + 8 > area.size() || memcmp(area.data() + offset, xsave_.data() + offset, 8) == 0) continue;
        uint64_t value;
        memcpy(&value, xsave_.data() + offset, sizeof value);
        return WordMatch{VectorWord{static_cast<uint8_t>(vector), static_cast<uint8_t>(firstLane + half)}, value};
      }
    }
  }
  return std::nullopt;
}

// At a trap that was not the point: adds up to two words that differ, to be compared first from now on.
void PointSearch::refine() {
  if (refinements_ >= kMaximumRefinements) return;
  unsigned added = 0;
  const auto add = [&](const WordMatch& match) {
    for (const WordMatch& known : words_) {
      if (sameWord(known.word, match.word)) return;
    }
    words_.insert(words_.begin(), match);
    added++;
  };
  for (const PoolWord& word : pool_) {
    if (added >= 2) break;
    const auto now = wordAt(word.address);
    if (now && *now != word.value) add(WordMatch{MemoryWord{word.address}, word.value});
  }
  if (added == 0) {
    if (const auto lane = differingLane()) add(*lane);
  }
  if (added == 0) return;
  if (words_.size() > kMaximumWords) words_.resize(kMaximumWords);
  refinements_++;
  // The code is written anew in its place; the site's jump stays.
  if (!installStub()) words_.erase(words_.begin(), words_.begin() + added);
}

// Builds the stub for the present words at codePage_ and writes it. False when it cannot be built.
bool PointSearch::installStub() {
  uint8_t code[32] = {};
  const ssize_t got = memory_.read(target_.rip, code, sizeof code);
  if (got <= 0) return false;
  if (jumpWritten_) memcpy(code, siteBytes_.data(), siteBytes_.size());
  MatcherRequest request;
  request.codeAddress = codePage_;
  request.codeCapacity = kPage;
  request.dataAddress = dataPage_;
  request.site = target_.rip;
  request.siteCode = {code, static_cast<size_t>(got)};
  request.discriminator = *discriminator_;
  request.words = words_;
  request.registers = registerState(target_);
  MatcherStub stub = buildMatcherStub(request);
  if (stub.error != MatcherError::none) return false;
  if (!memory_.writeAll(stub.codeAddress, stub.code.data(), stub.code.size())) return false;
  if (!memory_.writeAll(stub.dataAddress, &stub.initialData, sizeof stub.initialData)) return false;
  stub_ = std::move(stub);
  return true;
}

// Puts the stub into the task, which stands at the site. False when this site cannot have one.
bool PointSearch::install() {
  discriminator_ = chooseDiscriminator();
  if (!discriminator_) return false;
  uint8_t code[32] = {};
  const ssize_t got = memory_.read(target_.rip, code, sizeof code);
  if (got <= 0) return false;
  const std::span<const uint8_t> bytes(code, static_cast<size_t>(got));
  const DecodedInstruction decoded = decodeInstruction(bytes);
  if (!decoded) return false;
  std::vector<AddressRange> mapped;
  for (const MapLine& line : readMaps(tid_)) mapped.push_back({line.start, line.end});
  const std::vector<AddressRange> gaps = gapsBetween(mapped, kMargin);
  // A whole page for the code, wherever in it the jump leads; the data's page behind it.
  const JumpPlan plan = planJump(target_.rip, decoded.instruction.length, bytes, gaps, 4 * kPage, target_.rip);
  if (plan.error != JumpError::none) return false;
  const uint64_t page = plan.jump.target & ~(kPage - 1);
  const uint64_t mapping[6] = {
      page, 4 * kPage, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, ~0ULL, 0};
  if (remoteCall(tid_, SYS_mmap, mapping) != static_cast<long>(page)) return false;
  codePage_ = plan.jump.target;
  dataPage_ = page + 3 * kPage;
  siteBytes_.assign(code, code + plan.jump.length);
  if (!installStub() || !memory_.writeAll(target_.rip, plan.jump.bytes.data(), plan.jump.length)) {
    uninstall();
    return false;
  }
  jumpWritten_ = true;
  return true;
}

void PointSearch::uninstall() {
  if (jumpWritten_) memory_.writeAll(target_.rip, siteBytes_.data(), siteBytes_.size());
  jumpWritten_ = false;
  if (codePage_ != 0) {
    const uint64_t arguments[6] = {codePage_ & ~(kPage - 1), 4 * kPage, 0, 0, 0, 0};
    remoteCall(tid_, SYS_munmap, arguments);
  }
  codePage_ = dataPage_ = 0;
  stub_.reset();
}

// A stop while the stub is in place. `finished`: the result is for the caller; else the search goes on from from_.
int PointSearch::handleStubStop(int status, user_regs_struct& found, PointCounts& counts, bool& finished) {
  finished = true;
  if (status < 0 || !WIFSTOPPED(status)) {
    stub_.reset();  // the process has ended
    return status;
  }
  if (isTrap(status) && found.rip == stub_->trap + 1) {
    counts.hits++;
    counts.matchedAt++;
    found.rip = target_.rip;
    if (sameState(found, counts)) {
      uninstall();
      return kPointFound;
    }
    refine();
    from_ = found;
    from_.rip = stub_->pass;
    finished = false;
    return 0;
  }
  MatcherData data;
  const bool inComparison = found.rip != stub_->pass;
  if (memory_.readAll(stub_->dataAddress, &data, sizeof data)) {
    const StubPlace place = restoreProgramState(*stub_, data, found);
    siginfo_t info = {};
    const bool fault = WSTOPSIG(status) == SIGSEGV && (status >> 16) == 0 &&
                       ptrace(PTRACE_GETSIGINFO, tid_, 0, &info) == 0 && info.si_code > 0;
    if (fault && place == StubPlace::atSite && inComparison) {
      // A word of ours that is not mapped on this pass, so it does not match.
      from_ = found;
      from_.rip = stub_->pass;
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
  if (!running) {
    from_ = next;
    if (start == PointStart::kStanding && sameState(from_, counts)) {
      found = from_;
      return kPointFound;
    }
    if (!setBreakpoint(tid_, target_.rip)) return -errno;
  }
  for (int oracleHits = 0; oracleHits < kHitsAtOnce;) {
    if (!stub_ && from_.rip == target_.rip) from_.eflags |= kResumeFlag;
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
    oracleHits++;
    if (sameState(found, counts)) {
      clearBreakpoint(tid_);
      return kPointFound;
    }
    from_ = found;
    if (oracleOnly_ || matcherRefused_) continue;
    observe(found);
    if (trials_.size() < kTrialHits) continue;
    matcherRefused_ = !install();
    if (matcherRefused_) continue;
    counts.matchers++;
    clearBreakpoint(tid_);
    from_.rip = stub_->pass;
  }
  clearBreakpoint(tid_);
  return kPointGoOn;
}

}  // namespace rr
