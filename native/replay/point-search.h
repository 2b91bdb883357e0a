// Finding an execution point again (docs/execution-points.md): a breakpoint at its address at first, where at each hit
// the tracer compares the task's state with the recorded one (some 10 us a hit; the obviously right way, the oracle);
// then, for a site that is passed more often, a stub in the tracee that compares a few words itself (1 to 2 ns a pass)
// and traps where they are equal, so that the tracer compares only there.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "patch/matcher-stub.h"
#include "replay/stops.h"
#include "tracee/tracee.h"

namespace rr {

enum PointResult : int {
  kPointFound = -2001,    // the task stands at a point with that state
  kPointGoOn = -2002,     // not yet, after kHitsAtOnce hits: search again from where it stands
  kPointBadState = -2003  // the recorded pieces of memory are malformed
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
  uint64_t sameRegisters = 0;  // stops with the recorded registers but another state
  uint64_t differsAt = 0;      // address of the first memory that differed at the last of them; 0: the vector state
};

class PointSearch {
 public:
  // `pieces`: u64 address, u64 length, bytes padded to 8, one behind the other. `oracleOnly`: no stub.
  PointSearch(pid_t tid, const TraceeMemory& memory, const user_regs_struct& target, const uint8_t* pieces,
              size_t piecesLength, const uint8_t* xsave, size_t xsaveLength, bool oracleOnly);

  pid_t tid() const { return tid_; }

  // Runs the task (PTRACE_SYSEMU) to the next stop whose state is the recorded one. A PointResult; -EINTR: a signal
  // broke the wait, go on with kRunning; else what resumeToStop returns when something else stopped the task. `found`
  // has its registers, as the program has them; no code of ours is left in the task unless the result is -EINTR.
  int run(PointStart start, const user_regs_struct& next, user_regs_struct& found, PointCounts& counts);

 private:
  struct Piece {
    uint64_t address;
    std::vector<uint8_t> bytes;
  };
  // An aligned word of the recorded pieces, and at how many of the trial hits it differed.
  struct PoolWord {
    uint64_t address;
    uint64_t value;
    unsigned differed;
  };

  bool sameState(const user_regs_struct& found, PointCounts& counts);
  bool sameMemory(uint64_t& differsAt);
  bool readProgram(uint64_t address, uint8_t* into, size_t length) const;
  std::optional<uint64_t> wordAt(uint64_t address) const;
  bool sameXsave();
  void observe(const user_regs_struct& found);
  std::optional<WordMatch> chooseDiscriminator() const;
  std::optional<WordMatch> differingLane() const;
  void refine();
  bool install();
  bool installStub();
  void uninstall();
  int handleStubStop(int status, user_regs_struct& found, PointCounts& counts, bool& finished);

  pid_t tid_;
  const TraceeMemory& memory_;
  user_regs_struct target_;
  std::vector<Piece> pieces_;
  std::vector<uint8_t> xsave_;
  std::vector<PoolWord> pool_;
  bool malformed_ = false;
  bool oracleOnly_;

  std::vector<user_regs_struct> trials_;
  std::vector<WordMatch> words_;
  std::optional<WordMatch> discriminator_;
  std::optional<MatcherStub> stub_;
  uint64_t codePage_ = 0;
  uint64_t dataPage_ = 0;
  std::vector<uint8_t> siteBytes_;  // what the jump replaced
  bool jumpWritten_ = false;
  bool matcherRefused_ = false;
  unsigned refinements_ = 0;
  user_regs_struct from_ = {};
};

}  // namespace rr
