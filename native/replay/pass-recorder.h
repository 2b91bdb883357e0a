// Counting the passes of several addresses at once while a task runs, without a stop at any: each has a stub
// (patch/pass-stub.h), whose passes cost some nanoseconds where a breakpoint takes 40 us. The run ends at the match
// that a site is to trap at, or at whatever else stops the task.
#pragma once

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/pass-stub.h"
#include "replay/stub-areas.h"
#include "tracee/tracee.h"

namespace rr {

enum PassRun : int {
  kPassTrapped = -2201,  // the task stands at a site, at the match that it traps at, or at its limit
  kPassNoStub = -2202,   // a site that is needed cannot have a stub: nothing has run
};

// A file's code, which is there already and hardly changes.
struct PassSite {
  uint64_t address = 0;
  PassFilter filter = PassFilter::all;
  uint64_t value = 0;
  uint64_t trapAt = 0;  // of its matches; 0: never
  bool isNeeded = false;
  Conditions conditions;  // of the filter
  uint32_t limit = 0;     // the pass at which the run ends, matching or not; 0: none
};

struct PassCounts {
  bool isCounted = false;  // it has a stub
  uint64_t passes = 0;
  uint64_t lastMatch = 0;  // number of the last pass that matched; 0: none
  uint64_t order = 0;      // of that one among the matches of all sites
};

class PassRecorder {
 public:
  // `memory` and `stubs` outlive it. The task is stopped; its registers are lost.
  PassRecorder(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, std::span<const PassSite> sites);

  pid_t tid() const { return tid_; }

  // Runs the task (PTRACE_SYSEMU) from `next`; to stand at a site is no pass of it. A PassRun; -EINTR: a signal broke
  // the wait, go on with `isRunning`; else what resumeToStop returns when something else stopped the task. `found` has
  // its registers, as the program has them; no code of ours is left in the task unless the result is -EINTR.
  int run(bool isRunning, const user_regs_struct& next, user_regs_struct& found);

  const std::vector<PassCounts>& counts() const { return counts_; }
  // The site where it stands, and that pass is counted; -1: none.
  int standsAt() const { return standsAt_; }

 private:
  struct Stub {
    PassSite site;
    std::vector<uint8_t> own;      // the program's bytes at the site, and behind it
    uint8_t length = 0;            // of its instruction
    std::vector<uint8_t> planned;  // as own, with the jumps that are planned there
    std::optional<StubAreas::Place> place;
    std::optional<PassStub> code;
    bool stands = false;
  };

  std::vector<Stub*> inOrder();
  bool place();
  std::vector<uint8_t> plannedCode(const Stub& stub) const;
  bool fits(const Stub& stub) const;
  bool canBorrow(const Stub& stub) const;
  bool write();
  bool writeOne(Stub& stub, uint64_t orderAddress);
  void removeAll();
  int leaveStub(int status, user_regs_struct& found);
  void readCounts();

  pid_t tid_;
  const TraceeMemory& memory_;
  StubAreas& areas_;
  std::vector<Stub> stubs_;
  std::vector<PassCounts> counts_;
  int standsAt_ = -1;
};

}  // namespace rr
