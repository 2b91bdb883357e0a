// Which system call sites of an address space jump to the in-tracee runtime, and where the stubs between lie
// (docs/syscall-buffer.md). Plain data; syscall-buffer.cc does the work. A forked child starts with a copy.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "patch/free-space.h"

namespace rr {

struct PatchedSites {
  enum class Runtime {
    absent,     // not mapped yet
    installed,  // mapped
    refused,    // cannot be mapped, or must not be used: every call of this address space goes traced
  };
  // Bytes of a stub.
  static constexpr uint64_t kStubSize = 24;
  // Value of `traps` for a site that cannot be patched.
  static constexpr uint32_t kUnpatchable = ~0U;

  Runtime runtime = Runtime::absent;
  bool allTraced = false;                        // a seccomp filter of the program's would judge the runtime's calls
  int foreignDescriptors = 0;                    // tasks that share the memory, but not the descriptors
  bool tracedForNow = false;                     // the locals page says so, for one task's turn (traceNextCall)
  uint32_t worthwhileTraps = 0;                  // stops that a patch would have saved
  std::unordered_map<uint64_t, uint32_t> traps;  // by address of the instruction: how often it has stopped
  std::map<uint64_t, uint64_t> stubOf;           // by address of the instruction
  std::map<uint64_t, uint64_t> siteOf;           // by address of the stub
  std::vector<AddressRange> areas;               // memory mapped for stubs, ascending
  std::vector<AddressRange> room;                // what is left of it, ascending

  // The site is patched no more: its stub's place is free for another. Nobody stands there, since nobody is left
  // standing in code of ours. Returns the site behind it.
  std::map<uint64_t, uint64_t>::iterator forget(std::map<uint64_t, uint64_t>::iterator site) {
    const AddressRange stub = {site->second, site->second + kStubSize};
    siteOf.erase(stub.start);
    traps.erase(site->first);
    insertSorted(room, stub);
    return stubOf.erase(site);
  }

  bool inArea(uint64_t address) const {
    for (const AddressRange& area : areas) {
      if (address >= area.start && address < area.end) return true;
    }
    return false;
  }
};

}  // namespace rr
