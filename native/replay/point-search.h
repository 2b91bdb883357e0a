// Finding an execution point again (docs/execution-points.md): a breakpoint at its address at first, where at each hit
// the tracer compares the task's state with the recorded one (some 10 us a hit; the obviously right way, the oracle);
// then, for a site that is passed more often, a stub in the tracee that compares a few words itself (1 to 2 ns a pass)
// and traps where they are equal, so that the tracer compares only there.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/matcher-stub.h"
#include "replay/stops.h"
#include "replay/stub-areas.h"
#include "replay/tick-target.h"
#include "tracee/tracee.h"

namespace rr {

enum PointResult : int {
  kPointFound = -2001,     // the task stands at a point with that state
  kPointGoOn = -2002,      // not yet, after kHitsAtOnce hits: search again from where it stands
  kPointBadState = -2003,  // the recorded pieces of memory are malformed
  kPointNotThere = -2004   // it is not at the pass that the ordinal says
};

enum class PointStart : int {
  kStanding = 0,  // where it stands may be the point already
  kBehind = 1,    // where it stands is not the point
  kRunning = 2,   // it runs: a wait was broken
};

struct PointCounts {
  uint64_t hits = 0;           // stops at the site
  uint64_t matchers = 0;       // stubs built
  uint64_t matchedAt = 0;      // traps of stubs
  uint64_t passes = 0;         // how often the task came to the site, counted exactly
  bool uncounted = false;      // passes are not all: a stub did without, to be faster
  uint64_t sameRegisters = 0;  // stops with the recorded registers but another state
  uint64_t differsAt = 0;      // address of the first memory that differed at the last of them; 0: the vector state
};

// What is known of the point that is searched for.
struct PointTarget {
  user_regs_struct registers;
  // Recorded memory: u64 address, u64 length, bytes padded to 8, one behind the other.
  std::span<const uint8_t> pieces;
  std::span<const uint8_t> xsave;  // without zeros at its end; empty: not known
  // How often the task comes to the site up to the point, from where the search begins, where an earlier replay has
  // counted; 0: not known. The state is compared there all the same.
  uint64_t ordinal = 0;
  bool oracleOnly = false;  // no stub
  bool countAll = false;    // passes must be counted, however hot the site is
  TickTarget ticks;         // where a counter is in use; the state is compared where its count is that of the point
};

// A piece of recorded memory; its bytes are those of PointBuffers::expected from `offset` on, and those of `now` from
// `nowOffset` on what is there.
struct PointPiece {
  uint64_t address;
  size_t offset;
  size_t length;
  size_t nowOffset;
  bool readable;
};

// An aligned word of the recorded pieces, and at how many of the trial hits it differed.
struct PointWord {
  uint64_t address;
  size_t offset;  // in `expected`
  size_t nowOffset;
  size_t piece;
  unsigned differed;
};

// What a search fills, kept for the next one: to allocate it costs more than to use it.
struct PointBuffers {
  std::vector<PointPiece> pieces;
  std::vector<uint8_t> expected;
  std::vector<uint8_t> now;
  std::vector<PointWord> pool;
  std::vector<uint32_t> order;  // of the pieces by their address
  std::vector<iovec> remote;    // what is read for them: pieces that share a page are read at once
  std::vector<uint8_t> xsave;
};

class PointSearch {
 public:
  // `stubs`: where code of ours lies in this process; it and `buffers` outlive the search.
  PointSearch(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, PointBuffers& buffers,
              const PointTarget& target);

  pid_t tid() const { return tid_; }

  // What was learned at one match that was not the point serves for the next: run() with kBehind goes on with it.
  bool hasLearned() const { return ordinal_ == 0 && discriminator_.has_value(); }

  // Runs the task (PTRACE_SYSEMU) to the next stop whose state is the recorded one. A PointResult; -EINTR: a signal
  // broke the wait, go on with kRunning; else what resumeToStop returns when something else stopped the task. `found`
  // has its registers, as the program has them; no code of ours is left in the task unless the result is -EINTR.
  int run(PointStart start, const user_regs_struct& next, user_regs_struct& found, PointCounts& counts);

 private:
  bool sameState(const user_regs_struct& found, PointCounts& counts);
  bool sameMemory(uint64_t& differsAt);
  void planReading();
  void readPool();
  std::vector<PointWord>& pool();
  bool hasChanged(const PointWord& word) const;
  uint64_t valueOf(const PointWord& word) const;
  std::vector<uint8_t> programCode() const;
  void exploreCode();
  bool readXsave();
  bool sameXsave();
  void observe(const user_regs_struct& found);
  // At how many trial hits it had another value than at the point, and than at the hit before.
  struct RegisterUse {
    unsigned differed = 0;
    unsigned moved = 0;
    uint64_t distance = ~0ULL;  // from the point's value, at least
  };
  RegisterUse useOf(GeneralRegister which) const;
  bool registerTells() const;
  bool registerMoves() const;
  std::optional<WordMatch> chooseDiscriminator();
  std::optional<WordMatch> differingLane();
  bool lowerHalfDiffers(const StateWord& word) const;
  void refine();
  void chooseAnew(const user_regs_struct& found);
  bool install(std::span<const uint8_t> code);
  bool installStub(std::span<const uint8_t> code);
  void takeTurn();
  void takePasses(uint64_t& passes);
  void uninstall();
  bool beginWithStub();
  int handleStubStop(int status, user_regs_struct& found, PointCounts& counts, bool& finished);

  pid_t tid_;
  const TraceeMemory& memory_;
  StubAreas& stubs_;
  user_regs_struct target_;
  std::vector<PointPiece>& pieces_;
  std::vector<uint8_t>& expected_;
  std::vector<uint8_t>& now_;
  std::vector<uint32_t>& order_;
  std::vector<iovec>& remote_;
  std::vector<uint8_t>& xsaveNow_;
  std::vector<uint8_t> xsave_;
  uint64_t ordinal_;
  TickTarget ticks_;
  std::vector<PointWord>& pool_;  // filled when it is first asked for
  bool poolMade_ = false;
  bool poolRead_ = false;  // now_ is of where the task stands
  bool malformed_ = false;
  bool oracleOnly_;
  bool countAll_;
  bool countsPasses_ = true;
  std::optional<SiteCode> siteCode_;    // where passes are many
  bool mayCopyLoop_ = false;            // the program cannot change that code
  bool lowerHalfTells_ = false;         // of the discriminator
  bool lanesLowerHalfDiffers_ = false;  // of the lane that differingLane() found last

  std::vector<user_regs_struct> trials_;
  uint64_t triedAt_ = 0;           // the task's processor time at the last trial hit, nanoseconds
  uint64_t shortestTurn_ = ~0ULL;  // between two of them
  std::vector<WordMatch> words_;
  std::optional<WordMatch> discriminator_;
  std::optional<MatcherStub> stub_;
  uint64_t codeAddress_ = 0;
  uint64_t codeCapacity_ = 0;
  uint8_t copyBytes_ = 1;
  uint64_t dataAddress_ = 0;
  uint64_t passesBefore_ = 0;       // counted by stubs that this one replaced
  std::vector<uint8_t> siteBytes_;  // what the jump replaced
  bool jumpWritten_ = false;
  bool matcherRefused_ = false;
  unsigned refinements_ = 0;
  uint64_t mostMaybes_;  // of the next stub
  user_regs_struct from_ = {};
};

}  // namespace rr
