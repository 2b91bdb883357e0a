#include "record/calls/unknown-effects.h"

#include <algorithm>

#include "record/call-result.h"
#include "record/program-maps.h"

namespace rr {

bool UnknownEffects::restartWatch(Task& task) {
  AddressSpace& space = *task.space;
  if (!space.stops.written.begun()) return false;
  const std::vector<MapLine> maps = readProgramMaps(task.tid, space);
  const auto recent = space.stops.written.find(task.tid, maps);
  if (!recent) return false;
  space.stops.putOffPages = unionOf(space.stops.putOffPages, *recent);
  space.stops.written.restart(maps, *recent);
  space.stops.watchedFrom = processorTime(task.threadGroup);
  return true;
}

void UnknownEffects::begin(Task& task) {
  if (!restartWatch(task)) task.compare.before(task.tid, task.space->memory, task.arguments);
}

void UnknownEffects::end(Task& task, int64_t result, std::vector<OutRange>& ranges) {
  WrittenPages& written = task.space->stops.written;
  const std::vector<MapLine> maps = readProgramMaps(task.tid, *task.space);
  if (task.compare.empty() && written.begun()) {
    const auto found = written.find(task.tid, maps);
    if (!found) return;
    for (const PageRun& run : *found) ranges.push_back({run.start, run.end - run.start});
    return;
  }
  task.compare.after(task.space->memory, ranges);
  // Another filter might end it for our calls; and an interrupted call is left as the kernel has left it.
  if (written.begun() || filters_.concern(task) || isRestart(result) || !written.watch(task.tid, task.threadGroup))
    return;
  if (const auto ever = written.find(task.tid, maps, WrittenPages::Since::ever)) written.restart(maps, *ever);
}

}  // namespace rr
