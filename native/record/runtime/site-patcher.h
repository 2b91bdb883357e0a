// Puts the in-tracee runtime into an address space, and jumps to it in the place of instructions.
// docs/syscall-buffer.md tells how it works.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "patch/jump.h"
#include "record/events/frame-writer.h"
#include "record/recording-log.h"
#include "record/runtime/locals.h"
#include "record/runtime/runtime.h"
#include "record/task.h"

namespace rr {

using StubCode = std::array<uint8_t, PatchedSites::kStubSize>;

// A jump in the place of an instruction, and the stub that it leads to.
struct SitePatch {
  uint64_t site;
  PatchedInstruction instruction;
  Jump jump;
  StubCode stub;
  PatchedSites::OwnBytes padding;  // what the jump overwrites behind the instruction, as it was

  // What is written there instead.
  std::span<const uint8_t> newPadding() const {
    return std::span(jump.bytes).subspan(padding.address - site, padding.bytes.size());
  }
};

// What is to be mapped and written for some sites.
struct PatchPlan {
  std::vector<AddressRange> areas;  // memory for stubs
  std::vector<SitePatch> patches;
};

// Tracer thread only.
class SitePatcher {
 public:
  SitePatcher(FrameWriter& writer, const Runtime& runtime, const RuntimeLocals& locals, RecordingLog& log)
      : writer_(writer), runtime_(runtime), locals_(locals), log_(log) {}

  // Maps the runtime into the task's address space. False when it cannot be.
  bool installRuntime(Task& task);
  // The runtime's memory is there: fills it, and records it. False when that fails.
  bool fillRuntime(Task& task);
  // Replaces the instruction at `site` by a jump to a stub, of its own bytes and of padding that nothing executes.
  // False when it cannot. `unused`, where stubs may be mapped, loses what is mapped for this one.
  bool patchSite(Task& task, uint64_t site, PatchedInstruction instruction, std::vector<AddressRange>& unused);

  // Bytes of a site's instruction and behind it that tell how it can be patched.
  static constexpr uint64_t kLookedAt = 24;

  // The same in two steps, for a program that has not begun: adds to the plan what it takes. The address space counts
  // as patched from then on. `code`: what stands at the site, kLookedAt bytes of it.
  bool plan(Task& task, uint64_t site, PatchedInstruction instruction, std::span<const uint8_t> code,
            std::vector<AddressRange>& unused, PatchPlan& plan) const;
  // The areas are mapped, and hold the stubs: records that, and writes the jumps.
  void finish(Task& task, const PatchPlan& plan);

  // Writes to the program's memory, and records that. False when it cannot.
  bool write(const Task& task, uint64_t address, std::span<const uint8_t> bytes);

 private:
  // A patch, and the memory that is to be mapped for its stub, where none is there.
  struct Placed {
    SitePatch patch;
    std::optional<AddressRange> area;
  };
  std::optional<Placed> place(const Task& task, uint64_t site, PatchedInstruction instruction,
                              std::span<const uint8_t> code, std::span<const AddressRange> unused) const;
  bool mapStubArea(Task& task, const AddressRange& area);
  void recordArea(const Task& task, const AddressRange& area);

  FrameWriter& writer_;
  const Runtime& runtime_;
  const RuntimeLocals& locals_;
  RecordingLog& log_;
};

}  // namespace rr
