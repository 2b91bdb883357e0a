// Which system calls, and which rdtsc, are patched, and when: docs/syscall-buffer.md, "Which sites are patched".
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "generated/syscalls.h"
#include "record/call-result.h"
#include "record/recorder.h"
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
// After so many calls it is known what a program uses.
constexpr uint32_t kCallsToLearn = 2000;
// Text that is searched for common sites: a C library's, not that of a program that holds everything. Bytes.
constexpr uint64_t kMostSearched = 4 << 20;
// Kept free around what the program has mapped, above its heap and below its stack. Bytes.
constexpr uint64_t kMargin = 64 * 1024;
constexpr uint64_t kHeapRoom = 4 << 20;
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

// Where stubs may be mapped. Beside `areas`, which are ours, nothing need be kept free.
std::vector<AddressRange> unusedRanges(const std::vector<MapLine>& maps, const std::vector<AddressRange>& areas) {
  std::vector<AddressRange> taken;
  taken.push_back({kRuntimePage, RR_RUNTIME_END});
  for (const MapLine& line : maps) {
    AddressRange range = {line.start, line.end};
    if (line.name == "[heap]") range.end += kHeapRoom;
    if (line.name == "[stack]") range.start -= kStackRoom;
    for (const AddressRange& theirs : subtract({&range, 1}, areas)) insertSorted(taken, theirs);
  }
  return subtract(gapsBetween(taken, kMargin), areas);
}

}  // namespace

// A new program: `maps` is its memory, and it starts at `entry`.
void Recorder::noteProgram(Task& task, const std::vector<MapLine>& maps, uint64_t entry) {
  if (!options_.syscallBuffer) return;
  PatchedSites& patched = task.space->patched;
  struct stat identity = {};
  stat(("/proc/" + std::to_string(task.tid) + "/exe").c_str(), &identity);
  patched.program = &programs_[{identity.st_dev, identity.st_ino}];
  patched.learning = !patched.program->seen;
  patched.program->seen = true;
  for (const MapLine& line : maps) {
    if (!isFixedCode(line)) continue;
    PatchedSites::Text text = textOf(line);
    if (entry >= line.start && entry < line.end) text.trapsBeforePatch = kTrapsAtStart;
    addText(patched, text);
  }
}

// The program has mapped a file.
void Recorder::noteText(Task& task, const MappingFacts& facts) {
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
void Recorder::addText(PatchedSites& patched, PatchedSites::Text text) const {
  text.due = options_.patchAfter == 0 && patched.knownOf(text) != nullptr && worthPatching(patched, text);
  patched.textDue |= text.due;
  patched.texts.push_back(text);
}

// Whether the sites that are known in that text should be patched now.
bool Recorder::worthPatching(const PatchedSites& patched, const PatchedSites::Text& text) const {
  if (text.patched) return false;
  if (const ProgramSites::File* known = patched.knownOf(text)) {
    return known->calls >= kCallsWorthPatching && patched.program->calls() >= kCallsWorthRuntime;
  }
  return text.traps >= text.trapsBeforePatch;
}

// A filter that is not ours would judge the runtime's calls, and nothing keeps the program's apart from them.
bool Recorder::judgedWithoutDispatch(const Task& task) const {
  return task.ownFilter || (outerFilter_ && !dispatches_);
}

// At the entry of a traced call: would a patch of its site have saved the stop, or are there others beside it that are
// known to be worth it?
void Recorder::countTrap(Task& task) {
  task.patchDue = false;
  PatchedSites& patched = task.space->patched;
  if (!patched.program || patched.keptWhole || judgedWithoutDispatch(task)) return;
  if (!task.space->runtimePage || !syscallModel(task.call).bufferable) return;
  if (patched.runtime == PatchedSites::Runtime::refused) return;
  const uint64_t site = task.entry.rip - kSyscallLength;
  if (patched.sites.contains(site) || patched.unpatchable.contains(site)) return;
  const uint32_t traps = ++patched.traps[site];
  if (options_.patchAfter > 0) {
    task.patchDue = traps >= options_.patchAfter;
    return;
  }
  PatchedSites::Text* text = patched.textAt(site);
  if (!text) {
    task.patchDue = true;
    return;
  }
  text->traps++;
  task.patchDue = traps >= kTrapsBeforePatch || worthPatching(patched, *text);
  ProgramSites::File& file = patched.program->files[text->file];
  if (patched.learning) file.calls++;
  const uint64_t offset = site - text->range.start + text->offset;
  if (file.used.contains(offset)) return;
  if (const auto code = task.space->memory.readValue<uint64_t>(site)) file.used[offset] = *code;
}

// At the exit stop of a call whose site is due, or whose text is, or that has mapped one that is: patches it, or what
// is known to be worth it there.
void Recorder::patchSites(Task& task) {
  const bool siteDue = std::exchange(task.patchDue, false);
  PatchedSites& patched = task.space->patched;
  const bool textDue = std::exchange(patched.textDue, false);
  if (patched.keptWhole || judgedWithoutDispatch(task)) return;
  if (!task.space->runtimePage || patched.runtime == PatchedSites::Runtime::refused) return;
  const std::vector<MapLine> maps = readMaps(task.tid);
  std::set<uint64_t> due;
  if (siteDue) addDueSites(task, maps, due);
  if (textDue) {
    for (PatchedSites::Text& text : patched.texts) {
      if (!std::exchange(text.due, false) || text.patched) continue;
      if (const MapLine* line = lineOf(maps, text.range.start); line && isFixedCode(*line)) {
        addKnownSites(task, *line, text, due);
      }
    }
  }
  if (due.empty()) return;
  if (patched.runtime == PatchedSites::Runtime::absent && !installRuntime(task)) {
    patched.runtime = PatchedSites::Runtime::refused;
    return;
  }
  std::vector<AddressRange> unused = unusedRanges(maps, patched.areas);
  for (const uint64_t site : due) {
    if (!patchSite(task, site, PatchedInstruction::systemCall, unused)) patched.unpatchable.insert(site);
  }
}

// The site of the call that ends here, and what is known in its text.
void Recorder::addDueSites(Task& task, const std::vector<MapLine>& maps, std::set<uint64_t>& due) {
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

// What is known to be worth it in a text.
void Recorder::addKnownSites(const Task& task, const MapLine& line, PatchedSites::Text& text, std::set<uint64_t>& due) {
  PatchedSites& patched = task.space->patched;
  text.patched = true;
  const ProgramSites::File* known = patched.knownOf(text);
  for (const auto& [offset, code] : known ? known->used : commonSitesOf(task, line, text.file)) {
    const uint64_t site = line.start + (offset - line.offset);
    if (offset < line.offset || site >= line.end || patched.sites.contains(site)) continue;
    if (task.space->memory.readValue<uint64_t>(site) == code) due.insert(site);
  }
}

// At the trap of an rdtsc or rdtscp, which has been carried out: `registers` are behind it. When it has trapped often
// enough it is patched, before the trap's frame. The task must not stand at a signal that is still to be delivered.
void Recorder::patchTimeSite(Task& task, PatchedInstruction instruction, const user_regs_struct& registers) {
  PatchedSites& patched = task.space->patched;
  if (!patched.program || judgedWithoutDispatch(task) || patched.allTraced || timeTraced_) return;
  if (!task.space->runtimePage || patched.runtime == PatchedSites::Runtime::refused) return;
  const uint64_t site = registers.rip - bytesOf(instruction).size();
  if (patched.sites.contains(site) || patched.unpatchable.contains(site)) return;
  if (++patched.traps[site] < (options_.patchAfter > 0 ? options_.patchAfter : kTrapsBeforePatch)) return;
  if (!timeStamps_.settled() && !settleTime(task, TimeStamps::kMeasured)) return;
  const std::vector<MapLine> maps = readMaps(task.tid);
  if (!fixedCodeAt(maps, site, patched)) return;
  if (patched.runtime == PatchedSites::Runtime::absent && !installRuntime(task)) {
    patched.runtime = PatchedSites::Runtime::refused;
    return;
  }
  std::vector<AddressRange> unused = unusedRanges(maps, patched.areas);
  if (!patchSite(task, site, instruction, unused)) patched.unpatchable.insert(site);
  beginDispatch(task, registers);
}

bool Recorder::settleTime(const Task& task, uint64_t least) {
  if (!timeStamps_.settle(least)) return false;
  debug(task, "time stamps: %.6f in a nanosecond", timeStamps_.perNanosecond());
  updateAllLocals();
  return true;
}

// What an rdtsc gives that has trapped. From some time on it is told from the clock, for which nothing need stop
// trapping in this thread.
uint64_t Recorder::timeStamp(const Task& task) {
  if (!timeStamps_.settled()) settleTime(task, TimeStamps::kMeasuredWell);
  return timeStamps_.now();
}

const SiteCodes& Recorder::commonSitesOf(const Task& task, const MapLine& line, const FileIdentity& file) {
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

// What the first process of an executable uses of the sites that were patched for it.
void Recorder::noteBufferedSites(Task& task, const std::vector<uint8_t>& entries) {
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

}  // namespace rr
