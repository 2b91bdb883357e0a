// A stub in place of the instruction at a site, of a task that is stopped (patch/matcher-stub.h, docs/patching.md).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "patch/matcher-stub.h"
#include "replay/stub-areas.h"
#include "tracee/tracee.h"

namespace rr {

// Code that was explored before, by its site: to compare it costs less than to decode it.
using ExploredSites = std::unordered_map<uint64_t, SiteCode>;

class SiteStub {
 public:
  // `memory`, `stubs`, where code of ours lies in the process, and `explored` outlive it.
  SiteStub(pid_t tid, const TraceeMemory& memory, StubAreas& stubs, ExploredSites& explored, uint64_t site)
      : tid_(tid), memory_(memory), stubs_(stubs), explored_(explored), site_(site) {}

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
  // With it goes the jump at the site. False when it cannot be built or written: then all is as before.
  bool put(MatcherRequest request);
  // Of the stub that is in place, as the task left it.
  bool readData(MatcherData& data) const;
  // Gives the program its bytes back.
  void remove();
  // The process has ended.
  void drop() { stub_.reset(); }

 private:
  bool write(const MatcherStub& stub) const;

  pid_t tid_;
  const TraceeMemory& memory_;
  StubAreas& stubs_;
  ExploredSites& explored_;
  uint64_t site_;
  StubAreas::Place place_ = {};
  std::vector<uint8_t> code_;
  const SiteCode* siteCode_ = nullptr;  // of explored_
  bool isExplored_ = false;
  bool mayCopyLoop_ = false;  // the program cannot change that code
  std::optional<MatcherStub> stub_;
};

}  // namespace rr
