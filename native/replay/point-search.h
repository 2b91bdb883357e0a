// Finding an execution point again (docs/execution-points.md): by a stub in the tracee that compares a few words itself
// (0.1 to 2 ns a pass) and traps where they are equal, so that the tracer compares the task's state with the recorded
// one only there. What it compares is known from an earlier point of the address, or learned where the search begins
// and at the first hit. A site that cannot have a stub is searched by a breakpoint, at whose hits the tracer compares:
// some 10 us a hit, and the obviously right way, the oracle.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "replay/code-guard.h"
#include "replay/open-text.h"
#include "replay/point-hints.h"
#include "replay/point-pieces.h"
#include "replay/point-trials.h"
#include "replay/point-vectors.h"
#include "replay/site-stub.h"
#include "replay/stops.h"
#include "replay/stub-areas.h"
#include "replay/tick-target.h"
#include "tracee/execution-breakpoint.h"
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
  // Of all that may differ between two passes with the same registers, without large ranges: where these agree, the
  // pieces need not be read. Empty: the pieces tell as much as is known.
  std::span<const ChecksumEntry> checksums;
  // How often the task comes to the site up to the point, from where the search begins, where an earlier replay has
  // counted; 0: not known. The state is compared there all the same.
  uint64_t ordinal = 0;
  bool oracleOnly = false;     // no stub
  bool countAll = false;       // passes must be counted, however hot the site is
  bool codeStays = false;      // the code at the site is a file's: it is there already, and hardly changes
  bool ordinalIsSure = false;  // it names the point: nothing is compared, and no loop is copied
  bool sharedCode = false;     // other mappings have the code, too
  TickTarget ticks;            // where a counter is in use; the state is compared where its count is that of the point
};

// What a search fills, kept for the next one.
struct PointBuffers {
  PointPieces memory;
  PointVectors vectors;
  PointHints hints;
  ExploredSites sites;
};

class PointSearch {
 public:
  // `stubs`: where code of ours lies in this process; it and `buffers` outlive the search.
  PointSearch(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, PointBuffers& buffers,
              const PointTarget& target);

  pid_t tid() const { return tid_; }

  // What was learned at one match that was not the point serves for the next: run() with kBehind goes on with it.
  bool hasLearned() const { return ordinal_ == 0 && choice_.discriminator.has_value(); }

  // The point that run() has found was compared by its checksums.
  bool checksumsAgree() const { return checksumsAgree_; }

  // Runs the task (PTRACE_SYSEMU) to the next stop whose state is the recorded one. A PointResult; -EINTR: a signal
  // broke the wait, go on with kRunning; else what resumeToStop returns when something else stopped the task. `found`
  // has its registers, as the program has them; no code of ours is left in the task unless the result is -EINTR.
  int run(PointStart start, const user_regs_struct& next, user_regs_struct& found, PointCounts& counts);

 private:
  // What the stub in place does.
  enum class StubKind : uint8_t {
    trial,      // traps at the next pass
    countdown,  // traps at the pass that the ordinal says
    match       // traps where what it compares is as at the point
  };

  // Of the steps of a search: nothing for the caller yet, run on from from_.
  static constexpr int kSearchOn = -2999;

  bool sameState(const user_regs_struct& found, PointCounts& counts);
  int begin(PointStart start, PointCounts& counts);
  int handleHit(user_regs_struct& found, PointCounts& counts);
  bool leaveOutPasses(user_regs_struct& found, PointCounts& counts);
  int handleStubStop(int status, user_regs_struct& found, PointCounts& counts);
  int handleStubTrap(user_regs_struct& found, PointCounts& counts);
  void leaveBase();
  int stepWrite(user_regs_struct& found);
  int leaveCode(const user_regs_struct& found, uint64_t passes, PointCounts& counts);
  int leaveHit(const user_regs_struct& found, PointCounts& counts);
  void learn(const user_regs_struct& found);
  bool wantsTrial();
  // The program's bytes at the site, where ours stand there.
  std::span<const uint8_t> hidden() const { return stub_ ? stub_.hidden() : breakpoint_.hidden(); }
  bool setBreakpoint();
  void clearOurs();
  bool isGuardedWrite(int status) const;
  int stepGuardedWrite(user_regs_struct& found);
  bool hasHit(int status, user_regs_struct& found) const;
  bool hasComeUnmet(int status, const user_regs_struct& found) const;
  int stepOffSite(user_regs_struct& found, bool& cameAgain);
  void refine();
  void chooseAnew(const user_regs_struct& found);
  bool install(StubKind kind);
  bool recall();
  void remember();
  uint64_t passesOfStub() const;
  uint64_t passesIn(const MatcherData& data) const;
  void tellPasses(uint64_t last, PointCounts& counts);

  pid_t tid_;
  const TraceeMemory& memory_;
  PointPieces& pieces_;
  PointVectors& vectors_;
  PointHints& hints_;
  user_regs_struct target_;
  uint64_t ordinal_;
  TickTarget ticks_;
  std::span<const ChecksumEntry> checksums_;
  bool checksumsAgree_ = false;
  bool malformed_;
  SharedText text_;
  bool oracleOnly_;
  bool countAll_;
  bool codeStays_;
  bool ordinalIsSure_;
  bool countsPasses_ = true;
  bool countsInPlace_ = false;  // the site is a loop that only counts

  PointTrials trials_;
  uint64_t triedAt_ = 0;           // the task's processor time where it began, and at the last trial hit, nanoseconds
  uint64_t shortestTurn_ = ~0ULL;  // between two of them
  PointChoice choice_;

  uint64_t mostMaybes_;  // of the next stub

  ExecutionBreakpoint breakpoint_;
  CodeGuard guard_;  // of the breakpoint
  SiteStub stub_;
  StubKind stubKind_ = StubKind::trial;
  uint64_t passes_ = 0;  // counted by stubs that others have replaced, and not told yet
  bool matcherRefused_ = false;
  bool standsAtSite_ = false;  // since it was met, or the search began, no instruction has been executed
  unsigned refinements_ = 0;
  unsigned falseTraps_ = 0;
  unsigned guardedWrites_ = 0;
  unsigned strayFaults_ = 0;
  user_regs_struct from_ = {};
};

}  // namespace rr
