#include "record/events/event-writer.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <span>
#include <vector>

#include "record/page-runs.h"
#include "record/program-maps.h"

namespace rr {

void EventWriter::frame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers,
                        uint8_t flags, uint8_t stdio) {
  if (options_.checksum != RecorderOptions::Checksum::never) writeChecksums(task, kind, registers);
  writeFrame(kind, task, number, registers, flags, stdio);
}

void EventWriter::writeFrame(schema::EventKind kind, Task& task, int number, const user_regs_struct& registers,
                             uint8_t flags, uint8_t stdio) {
  task.atEvent = registers;
  task.stops.inMidCode = false;
  task.answeredAtEntry = false;
  task.space->stops.putOff = 0;
  if (task.bufferTaken) flags |= schema::kFrameBuffered;
  task.bufferTaken = false;
  writer_.frame(kind, task.tid, number, registers, flags, stdio, ticks_.of(task));
}

void EventWriter::writeChecksums(const Task& task, schema::EventKind kind, const user_regs_struct& registers) {
  using Checksum = RecorderOptions::Checksum;
  // At a syscallEnter the kernel may have written already (a clone), or be about to: the end of the call tells.
  if (kind == schema::EventKind::kExit || kind == schema::EventKind::kSyscallEnter) return;
  const uint64_t event = writer_.event();
  if (event == 1) return;  // the first task's start: its memory is the launcher's
  const bool endsCall = kind == schema::EventKind::kSyscall || kind == schema::EventKind::kSyscallExit;
  const bool due = options_.checksum == Checksum::allEvents || (options_.checksum == Checksum::syscalls && endsCall) ||
                   (options_.checksum == Checksum::every && event % options_.checksumNumber == 0) ||
                   (options_.checksum == Checksum::from && event >= options_.checksumNumber);
  if (!due) return;
  writeMemoryChecksums(task, registers);
}

void EventWriter::writeMemoryChecksums(const Task& task, const user_regs_struct& registers) {
  std::vector<ChecksumEntry> entries;
  const std::vector<MapLine> maps = readProgramMaps(task.tid, *task.space);
  const AddressRange dead = deadStack(maps, registers);
  for (const MapLine& line : maps) {
    if (!line.readable || line.shared) continue;
    uint64_t end = line.end;
    if (line.inode != 0) {
      // Replay has pages behind the end of a file that was cut; the program would get a SIGBUS.
      const uint64_t size = privateFiles_.size(makedev(line.deviceMajor, line.deviceMinor), line.inode);
      const uint64_t pages = size > ~4095ULL ? size : (size + 4095) & ~4095ULL;
      end = line.start + std::min(line.end - line.start, pages > line.offset ? pages - line.offset : 0);
    }
    const PageRun whole = {line.start, end};
    for (const PageRun& run : differenceOf(std::span(&whole, 1), {dead.start, dead.end})) {
      const uint64_t length = run.end - run.start;
      if (length == 0) continue;
      const bool sparse = line.inode == 0;
      entries.push_back({run.start, length, memoryChecksum(task.tid, task.space->memory, run.start, length, sparse)});
    }
  }
  writer_.data(task.tid, schema::DataSpace::kChecksum, 0, entries.data(), entries.size() * sizeof(ChecksumEntry));
}

void EventWriter::sealWhenOld(uint64_t now) {
  if (!ring_.hasUnsealed()) {
    lastSeal_ = now;
  } else if (now - lastSeal_ > kSealAfter) {
    ring_.seal(true);
    lastSeal_ = now;
  }
}

}  // namespace rr
