#include "record/stops/point-writer.h"

#include <stdio.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "record/page-runs.h"
#include "record/program-maps.h"

namespace rr {

namespace {

// A stop at which more than this is to be hashed is not certain: 0.5 ms for each MB. Bytes.
constexpr uint64_t kHashLimit = 32 << 20;
// Of more, so much is hashed, the pages that were written last first. Bytes.
constexpr uint64_t kPartialHash = 4 << 20;
// The same where nobody tells which pages were written, so that it would be all of them at each stop.
constexpr uint64_t kUnwatchedHashLimit = 16 << 20;

uint64_t residentBytes(pid_t tid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/statm", tid);
  FILE* file = fopen(path, "re");
  if (!file) return ~0ULL;
  unsigned long total = 0;
  unsigned long resident = 0;
  const bool read = fscanf(file, "%lu %lu", &total, &resident) == 2;
  fclose(file);
  return read ? uint64_t{resident} * 4096 : ~0ULL;
}

}  // namespace

void PointWriter::recordPoint(Task& task, const user_regs_struct& registers, uint64_t stoppedAt) {
  callBuffer_.take(task);
  std::vector<uint8_t> area;
  if (getXsave(task.tid, area)) {
    // Most of it belongs to registers that hardly a program uses, and is zero.
    while (!area.empty() && area.back() == 0) area.pop_back();
    writer_.data(task.tid, schema::DataSpace::kPointXsave, 0, area.data(), area.size());
  }
  const std::vector<MapLine> maps = readProgramMaps(task.tid, *task.space);
  std::vector<PointMemory> pieces = pointMemory(maps, task.space->memory, registers);
  const bool watched = task.space->stops.written.begun();
  const bool weak = options_.weakStops ||
                    !writePointChecksums(task, maps, registers, watched ? kHashLimit : kUnwatchedHashLimit, pieces);
  writePointMemory(task, pieces);
  log_.debug(task, "forced stop at %llx, %llu ticks%s, %llu to %llu us of processor time", registers.rip,
             static_cast<unsigned long long>(ticks_.of(task)), weak ? ", weak" : "",
             static_cast<unsigned long long>(stoppedAt / 1000),
             static_cast<unsigned long long>(processorTime(task.threadGroup) / 1000));
  events_.writeFrame(schema::EventKind::kSched, task, 0, registers, weak ? schema::kFrameWeak : uint8_t{0});
}

// All pieces as one record: to write, encode and read a hundred small ones would cost more than what they hold.
void PointWriter::writePointMemory(Task& task, std::span<const PointMemory> pieces) {
  std::vector<uint8_t> packed;
  for (const PointMemory& piece : pieces) {
    const uint64_t header[2] = {piece.address, piece.bytes.size()};
    const auto* bytes = reinterpret_cast<const uint8_t*>(header);
    packed.insert(packed.end(), bytes, bytes + sizeof header);
    packed.insert(packed.end(), piece.bytes.begin(), piece.bytes.end());
    packed.resize((packed.size() + 7) & ~size_t{7});
  }
  writer_.data(task.tid, schema::DataSpace::kPointMemory, 0, packed.data(), packed.size());
}

// The checksums of all pages that were written since the last forced stop in this address space, which includes all
// since the task's last event: a point before this one that has them has the same memory. False when they do not tell
// all: that would be more than `limit` bytes, or there is memory of which nobody knows who has written it. Adds
// what has changed to `pieces`.
bool PointWriter::writePointChecksums(Task& task, const std::vector<MapLine>& maps, const user_regs_struct& registers,
                                      uint64_t limit, std::vector<PointMemory>& pieces) {
  WrittenPages& written = task.space->stops.written;
  // Watching began after the task's last event, perhaps: the first hash is of all.
  const bool first = !std::exchange(task.space->stops.pointRecorded, true);
  const std::vector<PageRun> putOff = std::exchange(task.space->stops.putOffPages, {});
  const bool unknown = std::ranges::any_of(maps, [&](const MapLine& line) {
    const Sharing sharing = sharingOf(line);
    return line.writable &&
           (sharing == Sharing::unknown || (sharing == Sharing::withFile && (first || !written.begun())));
  });
  const auto recent = written.find(task.tid, maps);
  const auto ever = first || !putOff.empty() ? written.find(task.tid, maps, WrittenPages::Since::ever) : recent;
  if (!ever || !recent) {
    if (residentBytes(task.tid) > kUnwatchedHashLimit) return false;
    events_.writeMemoryChecksums(task, registers);
    return std::ranges::none_of(maps, [](const MapLine& line) { return line.shared && line.writable; });
  }
  // Of those before the stop was put off, some may be gone.
  std::vector<PageRun> still = *ever;
  for (const MapLine& line : maps) {
    const PageRun whole = {line.start, line.end};
    if (line.writable && sharingOf(line) == Sharing::withFile) still = unionOf(still, std::span(&whole, 1));
  }
  std::vector<PageRun> runs = unionOf(*recent, intersectionOf(putOff, still));
  if (first) runs = unionOf(runs, *ever);
  const AddressRange below = deadStack(maps, registers);
  const PageRun dead = {below.start, below.end};
  const std::vector<PageRun> live = differenceOf(*recent, dead);
  if (written.begun()) addChanges(task, live, pieces);
  written.restart(maps, runs);
  std::vector<PageRun> hashed = differenceOf(runs, dead);
  const bool all = totalOf(hashed) <= limit;
  if (!all) hashed = unionOf(firstOf(live, kPartialHash), firstOf(hashed, kPartialHash));
  std::vector<ChecksumEntry> entries;
  for (const PageRun& run : hashed) {
    const uint64_t length = run.end - run.start;
    entries.push_back({run.start, length, 0});
  }
  sumUp(task.tid, task.space->memory, entries);
  writer_.data(task.tid, schema::DataSpace::kChecksum, 0, entries.data(), entries.size() * sizeof(ChecksumEntry));
  return all && !unknown;
}

// Adds what has changed since the last forced stop: a loop or a recursion that shows its progress far from all that
// registers and stack point to is then found by it. Replay tells the words that move from those that do not.
void PointWriter::addChanges(Task& task, const std::vector<PageRun>& recent, std::vector<PointMemory>& pieces) {
  std::ranges::move(task.space->stops.copies.changed(task.space->memory, recent), std::back_inserter(pieces));
}

}  // namespace rr
