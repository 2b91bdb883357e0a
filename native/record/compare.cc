// Calls whose effects the table does not know. What one has written is found by comparing memory; from the second in an
// address space on, the kernel tells which pages were written, where it can.
#include <algorithm>

#include "record/call-result.h"
#include "record/program-maps.h"
#include "record/recorder.h"

namespace rr {

// From now on the kernel's list of written pages is what is written from now on; what was until now is kept for the
// next forced stop. False where memory is not watched.
bool Recorder::restartWatch(Task& task) {
  AddressSpace& space = *task.space;
  if (!space.written.begun()) return false;
  const std::vector<MapLine> maps = readProgramMaps(task.tid, space);
  const auto recent = space.written.find(task.tid, maps);
  if (!recent) return false;
  space.putOffPages = unionOf(space.putOffPages, *recent);
  space.written.restart(maps, *recent);
  space.watchedFrom = processorTime(task.threadGroup);
  return true;
}

// At the entry of such a call.
void Recorder::beginComparing(Task& task) {
  if (!restartWatch(task)) task.compare.before(task.tid, task.space->memory, task.arguments);
}

// At its end: adds what it has written to `ranges`.
void Recorder::endComparing(Task& task, int64_t result, std::vector<OutRange>& ranges) {
  WrittenPages& written = task.space->written;
  const std::vector<MapLine> maps = readProgramMaps(task.tid, *task.space);
  if (task.compare.empty() && written.begun()) {
    const auto found = written.find(task.tid, maps);
    if (!found) return;
    for (const PageRun& run : *found) ranges.push_back({run.start, run.end - run.start});
    return;
  }
  task.compare.after(task.space->memory, ranges);
  // Another filter might end it for our calls; and an interrupted call is left as the kernel has left it.
  if (written.begun() || judged(task) || isRestart(result) || !written.watch(task.tid, task.threadGroup)) return;
  if (const auto ever = written.find(task.tid, maps, WrittenPages::Since::ever)) written.restart(maps, *ever);
}

}  // namespace rr
