// A stub in place of the instruction at a site, of a task that is stopped (patch/matcher-stub.h, docs/patching.md).
#pragma once

#include <sys/mman.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "patch/matcher-stub.h"
#include "replay/open-text.h"
#include "replay/stub-areas.h"
#include "tracee/tracee.h"

namespace rr {

// Code that was explored before, by its site: to compare it costs less than to decode it.
using ExploredSites = std::unordered_map<uint64_t, SiteCode>;

class SiteStub {
 public:
  // `memory`, `stubs`, where code of ours lies in the process, and `explored` outlive it. `mayChange`: the code is no
  // file's, and the program may read and change it, its constants above all. `text`: how it is mapped.
  SiteStub(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, ExploredSites& explored, uint64_t site,
           bool mayChange, const SharedText& text)
      : tid_(tid),
        memory_(memory),
        stubs_(stubs),
        explored_(explored),
        site_(site),
        mayChange_(mayChange),
        text_(text) {}

  // The stub that is in place.
  explicit operator bool() const { return stub_.has_value(); }
  const MatcherStub& operator*() const { return *stub_; }
  const MatcherStub* operator->() const { return &*stub_; }
  // The program's bytes that the jump has replaced: none while there is no jump.
  std::span<const uint8_t> hidden() const;

  // Finds a place for it; the task's registers are lost. False when this site cannot have one.
  bool findPlace();
  // Looks at the code around the site, once: the stubs that are put from now on keep the program in a copy of its loop,
  // where that can be.
  void explore();
  // Writes a stub to the place, also over one that is there; `request` needs no addresses, and nothing of the code.
  // With it goes the jump at the site. False when it cannot be built or written: then all is as before. Where the
  // program could write over the jump without a system call, it cannot write there until the stub is removed; the
  // task's registers are lost then.
  bool put(MatcherRequest request);
  // Of the stub that is in place, as the task left it.
  bool readData(MatcherData& data) const;
  // Whether the program faults when it writes there because of us.
  bool guards(uint64_t address) const { return guarded_ && address >= guardStart() && address < guardEnd(); }
  // For the time of a write elsewhere than at the site. The task's registers are lost.
  bool openGuard() { return protect(PROT_READ | PROT_WRITE | PROT_EXEC); }
  bool closeGuard() { return protect(PROT_READ | PROT_EXEC); }
  // Gives the program its bytes back. As with put().
  void remove();
  // The process has ended.
  void drop() {
    stub_.reset();
    guarded_ = false;
  }

 private:
  bool write(const MatcherStub& stub) const;
  bool writeJump() const;
  void removeJump() const;
  bool protect(int protection) const;
  uint64_t guardStart() const { return site_ & ~uint64_t{4095}; }
  uint64_t guardEnd() const { return ((site_ + place_.jump.length - 1) | 4095) + 1; }

  pid_t tid_;
  const TraceeMemory& memory_;
  StubAreas& stubs_;
  ExploredSites& explored_;
  uint64_t site_;
  bool mayChange_;
  SharedText text_;
  StubAreas::Place place_ = {};
  std::vector<uint8_t> code_;
  const SiteCode* siteCode_ = nullptr;  // of explored_
  bool isExplored_ = false;
  bool mayCopyLoop_ = false;  // the program cannot change that code
  bool needsGuard_ = false;   // the program could write over the jump
  bool guarded_ = false;
  std::optional<MatcherStub> stub_;
};

}  // namespace rr
