// Which instructions of an address space jump to the in-tracee runtime, and where the stubs between lie
// (docs/syscall-buffer.md). Plain data; site-patcher.cc does the work. A forked child starts with a copy.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "patch/free-space.h"
#include "record/files/random-instructions.h"
#include "record/runtime/known-sites.h"
#include "tracee/abi.h"

namespace rr {

// The last two are what stands for the two before where those do not trap (random-instructions.h).
enum class PatchedInstruction : uint8_t { systemCall, rdtsc, rdtscp, trapForRdtsc, trapForRdtscp };

inline bool isRdtsc(PatchedInstruction instruction) {
  return instruction == PatchedInstruction::rdtsc || instruction == PatchedInstruction::trapForRdtsc;
}

inline std::span<const uint8_t> bytesOf(PatchedInstruction instruction) {
  static constexpr uint8_t kRdtsc[] = {0x0f, 0x31};
  static constexpr uint8_t kRdtscp[] = {0x0f, 0x01, 0xf9};
  static constexpr uint8_t kTrapForRdtsc[] = {0x0f, kRdtscTrapOpcode};
  static constexpr uint8_t kTrapForRdtscp[] = {0x0f, 0x01, kRdtscpTrapByte};
  switch (instruction) {
    case PatchedInstruction::rdtsc:
      return kRdtsc;
    case PatchedInstruction::rdtscp:
      return kRdtscp;
    case PatchedInstruction::trapForRdtsc:
      return kTrapForRdtsc;
    case PatchedInstruction::trapForRdtscp:
      return kTrapForRdtscp;
    default:
      return kSyscallInstruction;
  }
}

// Where rdtsc and rdtscp have trapped in a file, by offset.
using TimeSites = std::map<uint64_t, PatchedInstruction>;

struct PatchedSites {
  enum class Runtime {
    absent,     // not mapped yet
    installed,  // mapped
    refused,    // cannot be mapped, or must not be used: every call of this address space goes traced
  };
  int callsTaken = 0;  // buffered calls that waited for others (blocked-calls.cc)
  // Bytes of a stub.
  static constexpr uint64_t kStubSize = 24;
  // Bytes of a site and those behind it that its jump may borrow.
  static constexpr uint64_t kLongestJump = 8;
  // Bytes that are the program's own, at an address.
  struct OwnBytes {
    uint64_t address = 0;
    std::vector<uint8_t> bytes;
  };
  struct Site {
    uint64_t stub = 0;
    PatchedInstruction instruction = PatchedInstruction::systemCall;
    OwnBytes padding = {};  // behind it, that the jump has other bytes in the place of (planPaddedJump)
  };
  // A mapping with code.
  struct Text {
    AddressRange range;
    uint64_t offset = 0;  // in the file
    FileIdentity file;
    uint32_t traps = 0;  // that a patch would have saved
    uint32_t trapsBeforePatch = 0;
    bool patched = false;  // the sites that are known to be worth it,
    bool due = false;      // or will be at the end of this call
  };

  Runtime runtime = Runtime::absent;
  bool allTraced = false;                        // a seccomp filter of the program's would judge the runtime's calls
  bool keptWhole = false;                        // a tracer of the recording's may look: nothing is patched
  int foreignDescriptors = 0;                    // tasks that share the memory, but not the descriptors
  bool tracedForNow = false;                     // the locals page says so, for one task's turn (traceNextCall)
  ProgramSites* program = nullptr;               // what is known of the executable
  bool learning = false;                         // this is the first process of it: what it uses is noted
  uint32_t noticedCalls = 0;                     // buffered ones, while learning
  std::vector<Text> texts;                       // in no order
  bool textDue = false;                          // one of them is, or a site that is put off
  std::vector<uint64_t> putOff;                  // sites that are due, of calls at whose end nothing can be mapped
  std::unordered_set<uint64_t> noted;            // sites, by address, whose use has been noted
  std::unordered_map<uint64_t, uint32_t> traps;  // by address of the instruction: how often it has stopped
  std::unordered_set<uint64_t> unpatchable;      // instructions that cannot be patched
  std::map<uint64_t, Site> sites;                // by address of the instruction
  std::map<uint64_t, uint64_t> siteOf;           // by address of the stub
  std::vector<AddressRange> areas;               // memory mapped for stubs, ascending
  std::vector<AddressRange> room;                // what is left of it, ascending

  // The site is patched no more: its stub's place is free for another. Nobody stands there, since nobody is left
  // standing in code of ours. Returns the site behind it.
  std::map<uint64_t, Site>::iterator forget(std::map<uint64_t, Site>::iterator site) {
    const AddressRange stub = {site->second.stub, site->second.stub + kStubSize};
    siteOf.erase(stub.start);
    traps.erase(site->first);
    insertSorted(room, stub);
    return sites.erase(site);
  }

  // The address behind the patched instruction whose stub has `address`.
  std::optional<uint64_t> behindSiteOfStub(uint64_t address) const {
    const auto next = siteOf.upper_bound(address);
    if (next == siteOf.begin()) return std::nullopt;
    const auto site = sites.find(std::prev(next)->second);
    if (site == sites.end()) return std::nullopt;
    return site->first + bytesOf(site->second.instruction).size();
  }

  // True for a patched instruction, and for the bytes behind it that its jump borrows.
  bool isNear(uint64_t address) const {
    const auto next = sites.upper_bound(address);
    return next != sites.begin() && address < std::prev(next)->first + kLongestJump;
  }

  Text* textAt(uint64_t address) {
    for (Text& text : texts) {
      if (address >= text.range.start && address < text.range.end) return &text;
    }
    return nullptr;
  }

  // What earlier processes of the program used there; nullptr when nobody knows.
  const ProgramSites::File* knownOf(const Text& text) const {
    if (learning || !program) return nullptr;
    const auto found = program->files.find(text.file);
    return found == program->files.end() || found->second.calls == 0 ? nullptr : &found->second;
  }

  // The range is other memory, or none.
  void forgetText(const AddressRange& range) {
    const auto within = [&](uint64_t site) { return site >= range.start && site < range.end; };
    std::erase_if(texts,
                  [&](const Text& text) { return text.range.start < range.end && range.start < text.range.end; });
    std::erase_if(unpatchable, within);
    std::erase_if(putOff, within);
    std::erase_if(noted, within);
    std::erase_if(traps, [&](const auto& each) { return within(each.first); });
  }

  bool inArea(uint64_t address) const {
    for (const AddressRange& area : areas) {
      if (address >= area.start && address < area.end) return true;
    }
    return false;
  }
};

}  // namespace rr
