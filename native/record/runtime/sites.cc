#include "record/runtime/sites.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <utility>

#include "generated/syscalls.h"
#include "record/call-kinds.h"
#include "record/call-result.h"
#include "record/runtime/code-pieces.h"
#include "record/tree/task-state.h"
#include "tracee/abi.h"

namespace rr {

namespace {

// A site is patched when it has stopped its process so often.
constexpr uint32_t kTrapsBeforePatch = 3;
// What is known of a text is patched at this one of its stops: where the program starts, its dynamic linker mostly,
// there will be more.
constexpr uint32_t kTrapsAtStart = 1;
constexpr uint32_t kTrapsElsewhere = 2;
// A process patches the sites of a file that others with its executable have used when those made so many calls by
// them: memory for the stubs costs some three stops, and a site half of one.
constexpr uint32_t kCallsWorthPatching = 12;
// And when they made so many in all files together: the runtime costs a dozen stops.
constexpr uint32_t kCallsWorthRuntime = 30;
// Those of the code that a program starts in are patched before it begins, when others have made so many calls there:
// that costs no stop.
constexpr uint32_t kCallsWorthStart = 4;
// After so many calls it is known what a program uses.
constexpr uint32_t kCallsToLearn = 2000;
// Text that is searched for common sites: a C library's, not that of a program that holds everything. Bytes.
constexpr uint64_t kMostSearched = 4 << 20;
// Kept free around what the program has mapped, above its heap and below its stack. Bytes. A heap that begins at the
// program's end is nearer to its text than what is below that; still in reach of it is memory above the room.
constexpr uint64_t kMargin = 64 * 1024;
constexpr uint64_t kHeapRoom = 1 << 30;
constexpr uint64_t kStackRoom = 16 << 20;

const MapLine* lineOf(const std::vector<MapLine>& maps, uint64_t address) {
  for (const MapLine& line : maps) {
    if (address >= line.start && address < line.end) return &line;
  }
  return nullptr;
}

// Code that only a debugger would change while it is mapped.
bool isFixedCode(const MapLine& line) {
  return line.executable && !line.writable && !line.shared && (line.inode != 0 || line.name == "[vdso]");
}

// The mapping of a site that may be patched; nullptr when there is none. One that is no such code is noted as
// unpatchable.
const MapLine* fixedCodeAt(const std::vector<MapLine>& maps, uint64_t site, PatchedSites& patched) {
  const MapLine* line = lineOf(maps, site);
  if (!line || isFixedCode(*line)) return line;
  patched.unpatchable.insert(site);
  return nullptr;
}

PatchedSites::Text textOf(const MapLine& line) {
  PatchedSites::Text text;
  text.range = {line.start, line.end};
  text.offset = line.offset;
  text.file = {makedev(line.deviceMajor, line.deviceMinor), line.inode};
  text.trapsBeforePatch = kTrapsElsewhere;
  return text;
}

// Whether the code at a program's first instruction is a dynamic linker's: it is not of the same file as all the rest.
// The program's heap is far away then.
bool isLinker(const std::vector<MapLine>& maps, const MapLine& code) {
  return std::ranges::any_of(
      maps, [&](const MapLine& line) { return line.inode != 0 && !(textOf(line).file == textOf(code).file); });
}

// Where stubs may be mapped. Beside `areas`, which are ours, nothing need be kept free.
// `heap`: where that begins, 0 for one that is far away.
std::vector<AddressRange> unusedRanges(uint64_t heap, const std::vector<MapLine>& maps,
                                       const std::vector<AddressRange>& areas) {
  std::vector<AddressRange> taken;
  taken.push_back({kRuntimePage, RR_RUNTIME_END});
  // It may not have grown yet.
  if (heap != 0) insertSorted(taken, {heap, heap + kHeapRoom});
  for (const MapLine& line : maps) {
    AddressRange range = {line.start, line.end};
    if (line.name == "[heap]") range.end += kHeapRoom;
    if (line.name == "[stack]") range.start -= kStackRoom;
    for (const AddressRange& theirs : subtract({&range, 1}, areas)) insertSorted(taken, theirs);
  }
  return subtract(gapsBetween(taken, kMargin), areas);
}

}  // namespace

void Sites::noteProgram(Task& task, const std::vector<MapLine>& maps, const std::string& executable, uint64_t entry) {
  if (!options_.syscallBuffer) return;
  PatchedSites& patched = task.space->patched;
  const auto own = std::ranges::find(maps, executable, &MapLine::name);
  patched.program = &programs_[own == maps.end() ? FileIdentity{} : textOf(*own).file];
  patched.learning = !patched.program->seen;
  patched.program->seen = true;
  for (const MapLine& line : maps) {
    if (!isFixedCode(line)) continue;
    PatchedSites::Text text = textOf(line);
    if (entry >= line.start && entry < line.end) text.trapsBeforePatch = kTrapsAtStart;
    addText(patched, text);
  }
}

void Sites::noteText(Task& task, const MappingFacts& facts) {
  if (!options_.syscallBuffer || !(facts.protection & PROT_EXEC) || (facts.protection & PROT_WRITE)) return;
  if ((facts.flags & MAP_TYPE) != MAP_PRIVATE) return;
  PatchedSites::Text text;
  text.range = {facts.address, facts.address + facts.length};
  text.offset = facts.offset;
  text.file = {facts.device, facts.inode};
  text.trapsBeforePatch = kTrapsElsewhere;
  addText(task.space->patched, text);
}

// What is known to be worth it need not wait for a stop of its own.
void Sites::addText(PatchedSites& patched, PatchedSites::Text text) const {
  text.due = options_.patchAfter == 0 && patched.knownOf(text) != nullptr && worthPatching(patched, text);
  patched.textDue |= text.due;
  patched.texts.push_back(text);
}

// Whether the sites that are known in that text should be patched now.
bool Sites::worthPatching(const PatchedSites& patched, const PatchedSites::Text& text) const {
  if (text.patched) return false;
  if (const ProgramSites::File* known = patched.knownOf(text)) {
    return known->calls >= kCallsWorthPatching && patched.program->calls() >= kCallsWorthRuntime;
  }
  return text.traps >= text.trapsBeforePatch;
}

void Sites::countTrap(Task& task) {
  task.patchDue = false;
  PatchedSites& patched = task.space->patched;
  if (!patched.program || patched.keptWhole || filters_.preventBuffering(task)) return;
  if (!task.space->runtimePage || !syscallModel(task.call).bufferable) return;
  if (patched.runtime == PatchedSites::Runtime::refused) return;
  const uint64_t site = task.entry.rip - kSyscallLength;
  if (patched.sites.contains(site) || patched.unpatchable.contains(site)) return;
  const uint32_t traps = ++patched.traps[site];
  if (options_.patchAfter > 0) return noteDue(task, site, traps >= options_.patchAfter);
  PatchedSites::Text* text = patched.textAt(site);
  if (!text) {
    return noteDue(task, site, true);
  }
  text->traps++;
  noteDue(task, site, traps >= kTrapsBeforePatch || worthPatching(patched, *text));
  ProgramSites::File& file = patched.program->files[text->file];
  if (patched.learning) file.calls++;
  const uint64_t offset = site - text->range.start + text->offset;
  if (file.used.contains(offset)) return;
  if (const auto code = task.space->memory.readValue<uint64_t>(site)) file.used[offset] = *code;
}

// At the end of some calls nothing can be mapped for a stub: their sites wait for that of another.
void Sites::noteDue(Task& task, uint64_t site, bool due) {
  PatchedSites& patched = task.space->patched;
  task.patchDue = due && !mappingsTellRanges(task.call);
  if (!due || task.patchDue || std::ranges::find(patched.putOff, site) != patched.putOff.end()) return;
  patched.putOff.push_back(site);
  patched.textDue = true;
}

void Sites::patchSites(Task& task) {
  const bool siteDue = std::exchange(task.patchDue, false);
  PatchedSites& patched = task.space->patched;
  const bool textDue = std::exchange(patched.textDue, false);
  if (patched.keptWhole || filters_.preventBuffering(task)) return;
  if (!task.space->runtimePage || patched.runtime == PatchedSites::Runtime::refused) return;
  const std::vector<MapLine> maps = readMaps(task.tid);
  std::set<uint64_t> due;
  if (siteDue) addDueSites(task, maps, due);
  for (const uint64_t site : std::exchange(patched.putOff, {})) {
    if (!patched.sites.contains(site) && fixedCodeAt(maps, site, patched)) due.insert(site);
  }
  if (textDue) {
    for (PatchedSites::Text& text : patched.texts) {
      if (!std::exchange(text.due, false) || text.patched) continue;
      if (const MapLine* line = lineOf(maps, text.range.start); line && isFixedCode(*line)) {
        addKnownSites(task, *line, text, due);
      }
    }
  }
  if (due.empty()) return;
  if (patched.runtime == PatchedSites::Runtime::absent && !patcher_.installRuntime(task)) {
    patched.runtime = PatchedSites::Runtime::refused;
    return;
  }
  std::vector<AddressRange> unused = unusedRanges(heapStart(task.tid), maps, patched.areas);
  for (const uint64_t site : due) {
    if (!patcher_.patchSite(task, site, PatchedInstruction::systemCall, unused)) patched.unpatchable.insert(site);
  }
}

// The site of the call that ends here, and what is known in its text.
void Sites::addDueSites(Task& task, const std::vector<MapLine>& maps, std::set<uint64_t>& due) {
  user_regs_struct registers;
  if (!getRegisters(task.tid, registers) || isRestart(static_cast<int64_t>(registers.rax))) return;
  const uint64_t site = task.entry.rip - kSyscallLength;
  PatchedSites& patched = task.space->patched;
  const MapLine* line = fixedCodeAt(maps, site, patched);
  if (!line) return;
  PatchedSites::Text* text = patched.textAt(site);
  if (!text) {
    // Mapped in another way than by mmap.
    patched.texts.push_back(textOf(*line));
    text = &patched.texts.back();
    text->traps++;
  }
  if (patched.traps[site] >= (options_.patchAfter > 0 ? options_.patchAfter : kTrapsBeforePatch)) {
    due.insert(site);
  }
  if (options_.patchAfter == 0 && worthPatching(patched, *text)) addKnownSites(task, *line, *text, due);
}

// What is known to be worth it in a text, by address.
SiteCodes Sites::knownSites(const Task& task, const MapLine& line, PatchedSites::Text& text) {
  const PatchedSites& patched = task.space->patched;
  text.patched = true;
  const ProgramSites::File* known = patched.knownOf(text);
  SiteCodes sites;
  for (const auto& [offset, code] : known ? known->used : commonSitesOf(task, line, text.file)) {
    const uint64_t site = line.start + (offset - line.offset);
    if (offset < line.offset || site >= line.end || patched.sites.contains(site)) continue;
    sites[site] = code;
  }
  return sites;
}

void Sites::addKnownSites(const Task& task, const MapLine& line, PatchedSites::Text& text, std::set<uint64_t>& due) {
  for (const auto& [site, code] : knownSites(task, line, text)) {
    if (task.space->memory.readValue<uint64_t>(site) == code) due.insert(site);
  }
}

// Whether so few calls are made in the code that the program starts in that no patch there pays.
bool Sites::startsQuietly(const PatchedSites& patched, const PatchedSites::Text& text) {
  const ProgramSites::File* known = patched.knownOf(text);
  return known && known->calls < kCallsWorthStart;
}

PatchPlan Sites::planStart(Task& task, const std::vector<MapLine>& maps, uint64_t entry) {
  PatchPlan plan;
  PatchedSites& patched = task.space->patched;
  PatchedSites::Text* text = patched.textAt(entry);
  const MapLine* line = lineOf(maps, entry);
  if (!text || !line || !isLinker(maps, *line) || startsQuietly(patched, *text)) return plan;
  const SiteCodes calls = knownSites(task, *line, *text);
  std::vector<std::pair<uint64_t, PatchedInstruction>> wanted;
  for (const auto& [site, code] : calls) wanted.emplace_back(site, PatchedInstruction::systemCall);
  for (const auto& [offset, instruction] : timeSitesOf(task, text->file)) {
    const uint64_t site = line->start + (offset - line->offset);
    if (offset >= line->offset && site < line->end) wanted.emplace_back(site, instruction);
  }
  std::vector<AddressRange> ranges;
  for (const auto& [site, instruction] : wanted) ranges.push_back({site, site + SitePatcher::kLookedAt});
  const std::vector<std::vector<uint8_t>> found = readPieces(task, ranges);
  std::vector<AddressRange> unused = unusedRanges(0, maps, patched.areas);
  for (size_t i = 0; i < wanted.size(); i++) {
    const auto& [site, instruction] = wanted[i];
    const auto known = calls.find(site);
    const bool changed = known != calls.end() && (found[i].size() < SitePatcher::kLookedAt ||
                                                  memcmp(found[i].data(), &known->second, sizeof known->second) != 0);
    if (!changed && !patcher_.plan(task, site, instruction, found[i], unused, plan)) patched.unpatchable.insert(site);
  }
  return plan;
}

// Where rdtsc and rdtscp have trapped in a file, if they need not trap.
TimeSites Sites::timeSitesOf(const Task& task, const FileIdentity& file) {
  const auto known = timeSites_.find(file);
  if (known == timeSites_.end() || locals_.isTimeTraced()) return {};
  if (!timeStamps_.settled() && !settleTime(task, TimeStamps::kMeasured)) return {};
  return known->second;
}

bool Sites::patchTimeSite(Task& task, PatchedInstruction instruction, const user_regs_struct& registers) {
  PatchedSites& patched = task.space->patched;
  if (!patched.program || filters_.preventBuffering(task) || patched.allTraced || locals_.isTimeTraced()) return false;
  if (!task.space->runtimePage || patched.runtime == PatchedSites::Runtime::refused) return false;
  const uint64_t site = registers.rip - bytesOf(instruction).size();
  if (patched.sites.contains(site)) return false;
  if (const PatchedSites::Text* text = patched.textAt(site)) {
    timeSites_[text->file].emplace(site - text->range.start + text->offset, instruction);
  }
  if (patched.unpatchable.contains(site)) return false;
  if (++patched.traps[site] < (options_.patchAfter > 0 ? options_.patchAfter : kTrapsBeforePatch)) return false;
  if (!timeStamps_.settled() && !settleTime(task, TimeStamps::kMeasured)) return false;
  const std::vector<MapLine> maps = readMaps(task.tid);
  if (!fixedCodeAt(maps, site, patched)) return false;
  if (patched.runtime == PatchedSites::Runtime::absent && !patcher_.installRuntime(task)) {
    patched.runtime = PatchedSites::Runtime::refused;
    return false;
  }
  std::vector<AddressRange> unused = unusedRanges(heapStart(task.tid), maps, patched.areas);
  if (!patcher_.patchSite(task, site, instruction, unused)) patched.unpatchable.insert(site);
  return true;
}

bool Sites::settleTime(const Task& task, uint64_t least) {
  if (!timeStamps_.settle(least)) return false;
  log_.debug(task, "time stamps: %.6f in a nanosecond", timeStamps_.perNanosecond());
  locals_.updateAll();
  return true;
}

uint64_t Sites::timeStamp(const Task& task) {
  if (!timeStamps_.settled()) settleTime(task, TimeStamps::kMeasuredWell);
  return timeStamps_.now();
}

const SiteCodes& Sites::commonSitesOf(const Task& task, const MapLine& line, const FileIdentity& file) {
  CommonSites& common = commonSites_[file];
  if (common.searched) return common.sites;
  common.searched = true;
  if (line.end - line.start > kMostSearched) return common.sites;
  std::vector<uint8_t> code(line.end - line.start);
  const ssize_t got = task.space->memory.read(line.start, code.data(), code.size());
  code.resize(static_cast<size_t>(std::max<ssize_t>(got, 0)));
  for (const uint64_t at : commonSites(code)) {
    uint64_t bytes;
    if (at + sizeof bytes > code.size()) continue;
    memcpy(&bytes, &code[at], sizeof bytes);
    common.sites[line.offset + at] = bytes;
  }
  return common.sites;
}

void Sites::noteBufferedSites(Task& task, const std::vector<uint8_t>& entries) {
  PatchedSites& patched = task.space->patched;
  rr_buffer_entry entry;
  for (size_t at = 0; at + sizeof entry <= entries.size(); at += entry.size) {
    memcpy(&entry, &entries[at], sizeof entry);
    if (entry.size < sizeof entry) return;
    if (entry.number >= RR_TRAP_ENTRY) continue;
    if (patched.noticedCalls++ >= kCallsToLearn) patched.learning = false;
    const uint64_t site = entry.returnAddress - kSyscallLength;
    const PatchedSites::Text* text = patched.textAt(site);
    if (!text) continue;
    ProgramSites::File& file = patched.program->files[text->file];
    file.calls++;
    if (!patched.noted.insert(site).second) continue;
    const SiteCodes& common = commonSites_[text->file].sites;
    const auto found = common.find(site - text->range.start + text->offset);
    if (found != common.end()) file.used.insert(*found);
  }
}

void Sites::forgetSites(Task& task, const std::optional<AddressRange>& range) {
  if (!range) return;
  restoreSites(task, {range->start - PatchedSites::kLongestJump, range->start}, 0);
  PatchedSites& patched = task.space->patched;
  patched.forgetText(*range);
  auto site = patched.sites.lower_bound(range->start);
  while (site != patched.sites.end() && site->first < range->end) site = patched.forget(site);
}

void Sites::restoreSites(Task& task, const AddressRange& range, uint64_t shift) {
  PatchedSites& patched = task.space->patched;
  auto site = patched.sites.lower_bound(range.start);
  while (site != patched.sites.end() && site->first < range.end) {
    const uint64_t address = site->first + shift;
    if (patcher_.write(task, address, bytesOf(site->second.instruction))) {
      const PatchedSites::OwnBytes& padding = site->second.padding;
      if (!padding.bytes.empty()) patcher_.write(task, padding.address + shift, padding.bytes);
      log_.debug(task, "site %lx: its own instruction again", address);
    }
    site = patched.forget(site);
  }
}

}  // namespace rr
