// Which system calls, and which rdtsc, are patched, and when: docs/syscall-buffer.md, "Which sites are patched".
#pragma once

#include <sys/user.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "record/events/frame-writer.h"
#include "record/filters/foreign-filters.h"
#include "record/options.h"
#include "record/recording-log.h"
#include "record/runtime/locals.h"
#include "record/runtime/site-patcher.h"
#include "record/runtime/time-stamps.h"
#include "record/task.h"

namespace rr {

// Tracer thread only.
class Sites {
 public:
  Sites(const RecorderOptions& options, FrameWriter& writer, const ForeignFilters& filters, SitePatcher& patcher,
        const RuntimeLocals& locals, TimeStamps& timeStamps, RecordingLog& log)
      : options_(options),
        writer_(writer),
        filters_(filters),
        patcher_(patcher),
        locals_(locals),
        timeStamps_(timeStamps),
        log_(log) {}

  // A new program: `maps` is its memory, `executable` the path that those have its file by, and it starts at `entry`.
  void noteProgram(Task& task, const std::vector<MapLine>& maps, const std::string& executable, uint64_t entry);
  // Of a program that is noted and has not begun: what is worth a patch in the code that it starts in.
  PatchPlan planStart(Task& task, const std::vector<MapLine>& maps, uint64_t entry);
  // The program has mapped a file.
  void noteText(Task& task, const MappingFacts& facts);
  // At the entry of a traced call: would a patch of its site have saved the stop, or are there others beside it that
  // are known to be worth it?
  void countTrap(Task& task);
  // At the exit stop of a call whose site is due, or whose text is, or that has mapped one that is: patches it, or what
  // is known to be worth it there.
  void patchSites(Task& task);
  // At the trap of an rdtsc or rdtscp, which has been carried out: `registers` are behind it. When it has trapped often
  // enough it is patched, before the trap's frame. The task must not stand at a signal that is still to be delivered.
  // True when the runtime is there now.
  bool patchTimeSite(Task& task, PatchedInstruction instruction, const user_regs_struct& registers);
  // What an rdtsc gives that has trapped. From some time on it is told from the clock, for which nothing need stop
  // trapping in this thread.
  uint64_t timeStamp(const Task& task);
  // What the first process of an executable uses of the sites that were patched for it.
  void noteBufferedSites(Task& task, const std::vector<uint8_t>& entries);
  // The range's memory is gone, or other memory. Jumps before it that borrow bytes of it go, too.
  void forgetSites(Task& task, const std::optional<AddressRange>& range);
  // The program's own instructions come back, at `shift` bytes from where they were patched.
  void restoreSites(Task& task, const AddressRange& range, uint64_t shift);

 private:
  void noteDue(Task& task, uint64_t site, bool due);
  bool settleTime(const Task& task, uint64_t least);
  bool worthPatching(const PatchedSites& patched, const PatchedSites::Text& text) const;
  void addText(PatchedSites& patched, PatchedSites::Text text) const;
  void addDueSites(Task& task, const std::vector<MapLine>& maps, std::set<uint64_t>& due);
  SiteCodes knownSites(const Task& task, const MapLine& line, PatchedSites::Text& text);
  void addKnownSites(const Task& task, const MapLine& line, PatchedSites::Text& text, std::set<uint64_t>& due);
  static bool startsQuietly(const PatchedSites& patched, const PatchedSites::Text& text);
  TimeSites timeSitesOf(const Task& task, const FileIdentity& file);
  const SiteCodes& commonSitesOf(const Task& task, const MapLine& line, const FileIdentity& file);

  const RecorderOptions& options_;
  FrameWriter& writer_;
  const ForeignFilters& filters_;
  SitePatcher& patcher_;
  const RuntimeLocals& locals_;
  TimeStamps& timeStamps_;
  RecordingLog& log_;
  std::map<FileIdentity, CommonSites> commonSites_;
  std::map<FileIdentity, ProgramSites> programs_;  // by executable
  std::map<FileIdentity, TimeSites> timeSites_;
};

}  // namespace rr
