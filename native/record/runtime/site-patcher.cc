#include "record/runtime/site-patcher.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <algorithm>
#include <map>
#include <utility>

#include "record/runtime/address-limit.h"
#include "record/runtime/code-pieces.h"

namespace rr {

namespace {

constexpr uint64_t kPage = 4096;
// Bytes of a system call instruction, and of a stub.
constexpr uint64_t kStubSize = PatchedSites::kStubSize;
// Memory for stubs is mapped in pieces of about this size: most sites of one file need targets at a like distance.
constexpr uint64_t kStubArea = 256 * 1024;

void append(StubCode& code, size_t& at, std::span<const uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), code.begin() + static_cast<ptrdiff_t>(at));
  at += bytes.size();
}

// A 32-bit operand.
void append(StubCode& code, size_t& at, uint32_t value) {
  memcpy(code.data() + at, &value, sizeof value);
  at += sizeof value;
}

// Sets rcx to the address behind the site, and jumps to the hook, whose address is in the locals page. A system call
// loses rcx anyway: mov $returnAddress, %rcx; jmp *entry. For rdtsc it is saved first:
// mov %rcx, savedRcx; lea returnAddress(%rip), %rcx; jmp *entry. What the jump has overwritten of padding behind the
// site lies at its end, so that a debugger can show it (engine/replay/patched-code.ts); without there are breakpoints.
StubCode stubCode(PatchedInstruction instruction, uint64_t stub, uint64_t returnAddress,
                  std::span<const uint8_t> padding) {
  constexpr uint8_t kMove[] = {0x48, 0xb9};
  constexpr uint8_t kSave[] = {0x48, 0x89, 0x0c, 0x25};
  constexpr uint8_t kRelative[] = {0x48, 0x8d, 0x0d};
  constexpr uint8_t kJump[] = {0xff, 0x24, 0x25};
  StubCode code;
  code.fill(0xcc);
  size_t at = 0;
  uint32_t entry = RR_LOCALS + RR_LOCALS_ENTRY;
  if (instruction == PatchedInstruction::systemCall) {
    append(code, at, kMove);
    append(code, at, static_cast<uint32_t>(returnAddress));
    append(code, at, static_cast<uint32_t>(returnAddress >> 32));
  } else {
    append(code, at, kSave);
    append(code, at, RR_LOCALS + RR_LOCALS_SAVED_RCX);
    append(code, at, kRelative);
    // From the end of this operand on; a jump of 32 bits leads here from there.
    append(code, at, static_cast<uint32_t>(returnAddress - (stub + at + sizeof(uint32_t))));
    entry = RR_LOCALS + (isRdtsc(instruction) ? RR_LOCALS_TIME_ENTRY : RR_LOCALS_TIME_AUX_ENTRY);
  }
  append(code, at, kJump);
  append(code, at, entry);
  if (padding.empty()) return code;
  at = code.size() - padding.size() - 1;
  code[at++] = static_cast<uint8_t>(padding.size());
  append(code, at, padding);
  return code;
}

long mapAt(pid_t tid, uint64_t address, uint64_t length, uint64_t protection) {
  const uint64_t arguments[6] = {
      address, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, ~0ULL, 0};
  return syscallByStops(tid, SYS_mmap, arguments);
}

// Memory to map for stubs around `target`, which lies in one of `unused`; nothing where it has no whole pages there.
std::optional<AddressRange> areaAround(uint64_t target, std::span<const AddressRange> unused) {
  for (const AddressRange& range : unused) {
    if (target < range.start || target + kStubSize > range.end) continue;
    const uint64_t around = target & ~(kStubArea - 1);
    const uint64_t start = std::max(around, (range.start + kPage - 1) & ~(kPage - 1));
    const uint64_t end = std::min(std::max(around + kStubArea, (target + kStubSize + kPage - 1) & ~(kPage - 1)),
                                  range.end & ~(kPage - 1));
    if (start > target || target + kStubSize > end) return std::nullopt;
    return AddressRange{start, end};
  }
  return std::nullopt;
}

// Stubs may lie in the area from now on.
void addArea(PatchedSites& patched, const AddressRange& area, std::vector<AddressRange>& unused) {
  insertSorted(patched.areas, area);
  insertSorted(patched.room, area);
  unused = subtract(unused, std::span(&area, 1));
}

void addSite(PatchedSites& patched, const SitePatch& patch) {
  const uint64_t stub = patch.jump.target;
  const AddressRange taken = {stub, stub + kStubSize};
  patched.room = subtract(patched.room, std::span(&taken, 1));
  patched.sites[patch.site] = {stub, patch.instruction, patch.padding};
  patched.siteOf[stub] = patch.site;
}

// What is recorded of a patch, in this order: nobody may come to a jump that has no stub, or no padding of its own.
std::vector<std::pair<uint64_t, std::span<const uint8_t>>> partsOf(const SitePatch& patch) {
  std::vector<std::pair<uint64_t, std::span<const uint8_t>>> parts = {{patch.jump.target, patch.stub}};
  if (!patch.padding.bytes.empty()) parts.emplace_back(patch.padding.address, patch.newPadding());
  parts.emplace_back(patch.site, std::span(patch.jump.bytes).first(patch.jump.length));
  return parts;
}

// Writes the jumps of one page by one system call.
void writeJumps(const Task& task, const std::vector<SitePatch>& patches) {
  std::map<uint64_t, AddressRange> pages;  // from the first jump of each to the end of the last
  for (const SitePatch& patch : patches) {
    const AddressRange jump = {patch.site, patch.site + patch.jump.written()};
    AddressRange& part = pages.try_emplace(patch.site / kPage, jump).first->second;
    part = {std::min(part.start, jump.start), std::max(part.end, jump.end)};
  }
  std::vector<AddressRange> parts;
  for (const auto& [page, part] : pages) parts.push_back(part);
  std::vector<std::vector<uint8_t>> bytes = readPieces(task, parts);
  for (size_t i = 0; i < parts.size(); i++) {
    const bool whole = !bytes[i].empty();
    for (const SitePatch& patch : patches) {
      if (patch.site < parts[i].start || patch.site >= parts[i].end) continue;
      if (!whole) task.space->memory.writeAll(patch.site, patch.jump.bytes.data(), patch.jump.written());
      if (!whole) continue;
      std::copy_n(patch.jump.bytes.begin(), patch.jump.written(),
                  bytes[i].begin() + static_cast<ptrdiff_t>(patch.site - parts[i].start));
    }
    if (whole) task.space->memory.writeAll(parts[i].start, bytes[i].data(), bytes[i].size());
  }
}

// Whether an instruction may become a jump, as far as its own bytes and its neighbours tell.
bool isPatchable(const PatchedSites& patched, uint64_t site, PatchedInstruction instruction,
                 std::span<const uint8_t> code) {
  // A jump borrows the bytes behind its instruction: none may change, or have changed.
  if (patched.isNear(site) || patched.isNear(site + PatchedSites::kLongestJump - 1)) return false;
  const std::span<const uint8_t> own = bytesOf(instruction);
  return code.size() >= own.size() && std::equal(own.begin(), own.end(), code.begin());
}

}  // namespace

bool SitePatcher::installRuntime(Task& task) {
  if (!runtime_.image().loaded()) {
    log_.warnOnce("runtime", runtime_.image().error() + ": every system call stops the program");
    return false;
  }
  AddressLimit limit(task.tid);
  if (!limit.hasRoomForUs()) {
    log_.debug(task, "no runtime: its address space is limited");
    return false;
  }
  limit.raise();
  const auto map = [&](uint64_t address, uint64_t length, uint64_t protection) {
    const long result = mapAt(task.tid, address, length, protection);
    if (result == static_cast<long>(address)) return true;
    log_.debug(task, "the runtime at %lx: %s", address, strerror(static_cast<int>(-result)));
    return false;
  };
  if (!map(RR_CODE, RR_CODE_SIZE, PROT_READ | PROT_EXEC)) return false;
  if (!map(RR_WRITABLE, RR_WRITABLE_SIZE, PROT_READ | PROT_WRITE)) return false;
  return fillRuntime(task);
}

bool SitePatcher::fillRuntime(Task& task) {
  const TraceeMemory& memory = task.space->memory;
  rr_locals locals = {};
  locals.entry = runtime_.header().recordEntry;
  locals.callsLeft = ~0ULL;
  locals.timeEntry = runtime_.header().recordTimeEntry;
  locals.timeAuxEntry = runtime_.header().recordTimeAuxEntry;
  locals_.fill(*task.space, locals);
  if (!memory.writeAll(RR_CODE, runtime_.image().code().data(), runtime_.image().code().size())) return false;
  if (!memory.writeAll(RR_LOCALS, &locals, sizeof locals)) return false;
  task.space->patched.runtime = PatchedSites::Runtime::installed;
  MappingFacts facts;
  facts.address = RR_CODE;
  facts.length = RR_RUNTIME_END - RR_CODE;
  facts.protection = PROT_READ | PROT_WRITE | PROT_EXEC;
  facts.flags = MAP_PRIVATE | MAP_ANONYMOUS;
  facts.source = schema::MappingSource::kRuntime;
  writer_.mapping(task.tid, facts);
  log_.debug(task, "runtime mapped");
  return true;
}

bool SitePatcher::write(const Task& task, uint64_t address, std::span<const uint8_t> bytes) {
  if (!task.space->memory.writeAll(address, bytes.data(), bytes.size())) return false;
  writer_.data(task.tid, schema::DataSpace::kMemory, address, bytes.data(), bytes.size());
  return true;
}

std::optional<SitePatcher::Placed> SitePatcher::place(const Task& task, uint64_t site, PatchedInstruction instruction,
                                                      std::span<const uint8_t> code,
                                                      std::span<const AddressRange> unused) const {
  const PatchedSites& patched = task.space->patched;
  if (!isPatchable(patched, site, instruction, code)) return std::nullopt;
  const auto length = static_cast<uint8_t>(bytesOf(instruction).size());
  const auto patchBy = [&](const Jump& jump) {
    PatchedSites::OwnBytes padding;
    if (jump.padding > 0) {
      const size_t at = length + jump.borrowed - size_t{jump.padding};
      padding = {site + at, {code.begin() + at, code.begin() + at + jump.padding}};
    }
    return SitePatch{site, instruction, jump, stubCode(instruction, jump.target, site + length, padding.bytes),
                     padding};
  };
  const auto plan = [&](bool padded, std::span<const AddressRange> room) {
    return padded ? planPaddedJump(site, length, code, room, kStubSize, site)
                  : planJump(site, length, code, room, kStubSize, site, 8);
  };
  // A stub of the others has no room for what padding was.
  const bool mayBePadded = instruction == PatchedInstruction::systemCall;
  for (const bool padded : {false, true}) {
    if (padded && !mayBePadded) break;
    const JumpPlan near = plan(padded, patched.room);
    if (near.error == JumpError::none) return Placed{patchBy(near.jump), std::nullopt};
    const JumpPlan elsewhere = plan(padded, unused);
    if (elsewhere.error != JumpError::none) continue;
    if (const auto area = areaAround(elsewhere.jump.target, unused)) return Placed{patchBy(elsewhere.jump), area};
  }
  log_.debug(task, "site %lx: %s", site, describe(JumpError::noFreeTarget));
  return std::nullopt;
}

bool SitePatcher::patchSite(Task& task, uint64_t site, PatchedInstruction instruction,
                            std::vector<AddressRange>& unused) {
  PatchedSites& patched = task.space->patched;
  std::array<uint8_t, kLookedAt> bytes = {};
  const ssize_t got = task.space->memory.read(site, bytes.data(), bytes.size());
  const std::span code(bytes.data(), static_cast<size_t>(std::max<ssize_t>(got, 0)));
  const auto placed = place(task, site, instruction, code, unused);
  if (!placed) return false;
  const auto& [patch, area] = *placed;
  if (area) {
    if (!mapStubArea(task, *area)) return false;
    addArea(patched, *area, unused);
    locals_.update(*task.space);
  }
  for (const auto& [address, bytes] : partsOf(patch)) {
    if (!write(task, address, bytes)) return false;
  }
  addSite(patched, patch);
  log_.debug(task, "site %lx patched, stub %lx", site, patch.jump.target);
  return true;
}

bool SitePatcher::plan(Task& task, uint64_t site, PatchedInstruction instruction, std::span<const uint8_t> code,
                       std::vector<AddressRange>& unused, PatchPlan& plan) const {
  const auto placed = place(task, site, instruction, code, unused);
  if (!placed) return false;
  if (placed->area) {
    addArea(task.space->patched, *placed->area, unused);
    plan.areas.push_back(*placed->area);
  }
  addSite(task.space->patched, placed->patch);
  plan.patches.push_back(placed->patch);
  return true;
}

void SitePatcher::finish(Task& task, const PatchPlan& plan) {
  for (const AddressRange& area : plan.areas) recordArea(task, area);
  for (const SitePatch& patch : plan.patches) {
    for (const auto& [address, bytes] : partsOf(patch)) {
      writer_.data(task.tid, schema::DataSpace::kMemory, address, bytes.data(), bytes.size());
    }
    log_.debug(task, "site %lx patched, stub %lx", patch.site, patch.jump.target);
  }
  writeJumps(task, plan.patches);
}

bool SitePatcher::mapStubArea(Task& task, const AddressRange& area) {
  AddressLimit limit(task.tid);
  if (!limit.hasRoomForUs()) return false;
  limit.raise();
  const long result = mapAt(task.tid, area.start, area.end - area.start, PROT_READ | PROT_EXEC);
  if (result != static_cast<long>(area.start)) {
    log_.debug(task, "memory for stubs at %lx: %s", area.start, strerror(static_cast<int>(-result)));
    return false;
  }
  recordArea(task, area);
  return true;
}

void SitePatcher::recordArea(const Task& task, const AddressRange& area) {
  MappingFacts facts;
  facts.address = area.start;
  facts.length = area.end - area.start;
  facts.protection = PROT_READ | PROT_EXEC;
  facts.flags = MAP_PRIVATE | MAP_ANONYMOUS;
  writer_.mapping(task.tid, facts);
}

}  // namespace rr
