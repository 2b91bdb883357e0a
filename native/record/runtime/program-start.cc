#include "record/runtime/program-start.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <algorithm>
#include <span>

#include "record/runtime/address-limit.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// What our page holds: `syscall; int3`, and at RR_UNTRACED_RETURNING `syscall; ret`.
constexpr uint8_t kPageCode[] = {0x0f, 0x05, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc,
                                 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0xcc, 0x0f, 0x05, 0xc3};
static_assert(RR_UNTRACED_RETURNING - RR_UNTRACED == 16);
// With the page that replay has behind it: the program's own memory must not come to lie there.
constexpr uint64_t kPageLength = kRuntimePageSize + kRuntimeDataSize;

constexpr uint64_t kMark = uint64_t{RR_SET_UP_MARK_HIGH} << 32 | RR_SET_UP_MARK_LOW;
constexpr uint64_t kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
// Steps for our page.
constexpr size_t kPageSteps = 3;

static_assert(sizeof(rr_set_up_step) == RR_SET_UP_STEP_SIZE);

rr_set_up_step mapStep(uint64_t address, uint64_t length, uint64_t protection, uint64_t flags) {
  return {SYS_mmap, {address, length, protection, flags, kMark, 0}, static_cast<int64_t>(address)};
}

rr_set_up_step protectStep(uint64_t address, uint64_t length, uint64_t protection) {
  return {SYS_mprotect, {address, length, protection, 0, kMark, 0}, 0};
}

rr_set_up_step copyStep(uint64_t address, std::span<const uint8_t> bytes) {
  rr_set_up_step step = {RR_SET_UP_COPY, {address, bytes.size()}, 0};
  memcpy(&step.arguments[2], bytes.data(), std::min(bytes.size(), 4 * sizeof(uint64_t)));
  return step;
}

}  // namespace

bool ProgramStart::buffers(const Task& task, uint64_t vdsoStart) const {
  const PatchedSites& patched = task.space->patched;
  if (!options_.syscallBuffer || !runtime_.image().loaded() || vdsoStart == 0 || vdso_.image().empty()) return false;
  return !filters_.concern(task) && !patched.keptWhole && !patched.allTraced;
}

bool ProgramStart::mapPage(Task& task, uint64_t vdsoStart) {
  if (vdsoStart == 0 || vdso_.syscallOffset() == 0) return false;
  const uint64_t arguments[6] = {kRuntimePage, kPageLength, PROT_READ | PROT_EXEC, kAnonymous, ~0ULL, 0};
  const long result = syscallByStops(task.tid, SYS_mmap, arguments, vdsoStart + vdso_.syscallOffset());
  if (result != static_cast<long>(kRuntimePage)) {
    log_.debug(task, "our page at %lx: %s", kRuntimePage, strerror(static_cast<int>(-result)));
    return false;
  }
  return task.space->memory.writeAll(kRuntimePage, kPageCode, sizeof kPageCode);
}

void ProgramStart::addPage(Steps& steps) {
  steps.push_back(mapStep(kRuntimePage, kPageLength, PROT_READ | PROT_WRITE, kAnonymous));
  steps.push_back(copyStep(kRuntimePage, kPageCode));
  steps.push_back(protectStep(kRuntimePage, kPageLength, PROT_READ | PROT_EXEC));
}

void ProgramStart::addRuntime(Steps& steps, const PatchPlan& plan) {
  constexpr uint64_t kFlags = kAnonymous | MAP_NORESERVE;
  // What is writable counts against RLIMIT_DATA, if only for a moment: one area at a time.
  for (const AddressRange& area : plan.areas) {
    steps.push_back(mapStep(area.start, area.end - area.start, PROT_READ | PROT_WRITE, kFlags));
    for (const SitePatch& patch : plan.patches) {
      const uint64_t stub = patch.jump.target;
      if (area.start <= stub && stub < area.end) steps.push_back(copyStep(stub, patch.stub));
    }
    steps.push_back(protectStep(area.start, area.end - area.start, PROT_READ | PROT_EXEC));
  }
  steps.push_back(mapStep(RR_CODE, RR_CODE_SIZE, PROT_READ | PROT_EXEC, kFlags));
  steps.push_back(mapStep(RR_WRITABLE, RR_WRITABLE_SIZE, PROT_READ | PROT_WRITE, kFlags));
}

void ProgramStart::setUp(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                         uint64_t vdsoStart) {
  PatchedSites& patched = task.space->patched;
  AddressLimit limit(task.tid);
  const PatchPlan plan = limit.hasRoomForUs() ? sites_.planStart(task, maps, registers.rip) : PatchPlan{};
  Steps steps;
  addPage(steps);
  const bool withRuntime = !plan.patches.empty();
  if (withRuntime) addRuntime(steps, plan);
  const size_t wanted = steps.size();
  steps.push_back({RR_SET_UP_END, {}, 0});
  limit.raise();
  const size_t done = run(task, registers, steps, vdsoStart).value_or(0);
  task.space->runtimePage = done >= kPageSteps;
  if (done == wanted && (!withRuntime || patcher_.fillRuntime(task))) {
    patcher_.finish(task, plan);
    return;
  }
  log_.debug(task, "its memory of ours: %zu of %zu steps were done", done, wanted);
  patched.runtime = PatchedSites::Runtime::refused;
  patched.sites.clear();
  patched.siteOf.clear();
  patched.areas.clear();
  patched.room.clear();
}

// Has the task do the steps, at `place` in the vdso, which is put back. How many it has done; nothing when it is gone.
std::optional<size_t> ProgramStart::run(Task& task, const user_regs_struct& registers, const Steps& steps,
                                        uint64_t place) {
  const rr_runtime_header& header = runtime_.header();
  const auto code = std::span(runtime_.image().code()).subspan(header.setUp - RR_CODE, header.setUpEnd - header.setUp);
  const size_t tableAt = (code.size() + 7) & ~size_t{7};
  std::vector<uint8_t> bytes(tableAt + steps.size() * sizeof steps[0]);
  if (bytes.size() > vdso_.image().size()) return 0;
  memcpy(bytes.data(), code.data(), code.size());
  memcpy(bytes.data() + tableAt, steps.data(), steps.size() * sizeof steps[0]);
  const TraceeMemory& memory = task.space->memory;
  user_regs_struct now = registers;
  now.rip = place;
  now.rbx = place + tableAt;
  now.orig_rax = ~0ULL;
  constexpr int kEnd = SIGTRAP | PTRACE_EVENT_SECCOMP << 8;
  if (!memory.writeAll(place, bytes.data(), bytes.size()) ||
      waits_.runMasked(task, now, PTRACE_CONT, kEnd, "our memory in a new program") != Waits::Masked::arrived ||
      !getRegisters(task.tid, now)) {
    return std::nullopt;
  }
  user_regs_struct own = registers;
  own.orig_rax = ~0ULL;  // the call at which it stands is not made
  if (!memory.writeAll(place, vdso_.image().data(), bytes.size()) || !setRegisters(task.tid, own)) return std::nullopt;
  if (now.rip != place + code.size()) return 0;
  return (now.rbx - (place + tableAt)) / sizeof steps[0];
}

}  // namespace rr
