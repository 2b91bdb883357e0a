// Calls that change files which tracees have mapped shared, and calls that move those mappings (shared-files.h).
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

#include "record/call-result.h"
#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

uint64_t wholePages(uint64_t length) { return (length + 4095) & ~4095ULL; }

}  // namespace

// At the end of a call that may have moved or unmapped a view of a file.
void Recorder::noteSharedViews(const Task& task, int64_t result) {
  if (sharedFiles_.empty() || isFailure(result)) return;
  const uint64_t(&arguments)[6] = task.arguments;
  switch (task.call) {
    case SYS_munmap:
      return sharedFiles_.gone(task.space, arguments[0], wholePages(arguments[1]));
    case SYS_mmap:
      return sharedFiles_.gone(task.space, static_cast<uint64_t>(result), wholePages(arguments[1]));
    case SYS_mremap:
      return sharedFiles_.moved(task.space, arguments[0], wholePages(arguments[1]), static_cast<uint64_t>(result),
                                wholePages(arguments[2]));
    default:
      return;
  }
}

// True when the replay's file needs nothing at this shared mapping. A file without a name belongs to those who have it
// open, and what they do to it is recorded, or has been marked (setChanged); before its first mapping it may be all
// holes. Such files are what programs share big memory by, and map again and again in pieces.
bool Recorder::replayHasContent(int descriptor, const struct stat& identity) {
  if (identity.st_nlink != 0) return false;
  if (sharedFiles_.seen(identity.st_dev, identity.st_ino)) {
    return !sharedFiles_.changed(identity.st_dev, identity.st_ino);
  }
  return lseek(descriptor, 0, SEEK_DATA) < 0 && errno == ENXIO;
}

// Records what a part of a file that is mapped shared holds now, where it is mapped.
void Recorder::recordFileRange(const struct stat& identity, uint64_t start, uint64_t end) {
  const auto* views = sharedFiles_.views(identity.st_dev, identity.st_ino);
  if (!views || start >= end) return;
  // Replay has one memory for all views.
  uint64_t recordedFrom = 0;
  uint64_t recordedTo = 0;
  bool whole = false;
  for (const SharedFiles::View& view : *views) {
    const auto space = view.space.lock();
    if (!space) continue;
    const uint64_t from = std::max(start, view.offset);
    const uint64_t to = std::min(end, view.offset + view.length);
    if (from >= to || (from >= recordedFrom && to <= recordedTo)) continue;
    // Recorded as memory of a task that has it mapped.
    for (auto& [tid, other] : tasks_) {
      if (other->space != space) continue;
      writer_.memory(tid, space->memory, view.address + (from - view.offset), to - from);
      recordedFrom = from;
      recordedTo = to;
      whole = whole || (from == start && to == end);
      break;
    }
  }
  if (!whole) sharedFiles_.setChanged(identity.st_dev, identity.st_ino, true);
}

// A call that changed a file which a tracee has mapped shared has changed that memory too.
void Recorder::recordSharedWrites(Task& task, int64_t result) {
  if (result < 0) return;
  const uint64_t(&arguments)[6] = task.arguments;
  int fd = static_cast<int>(arguments[0]);
  std::optional<uint64_t> end;  // of what was written, in the file
  switch (task.call) {
    case SYS_write:
    case SYS_writev:
    case SYS_sendfile:
      end = descriptorPosition(task.tid, fd);
      break;
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
      end = arguments[3] + static_cast<uint64_t>(result);
      break;
    case SYS_copy_file_range:
    case SYS_splice:
      fd = static_cast<int>(arguments[2]);
      end = descriptorPosition(task.tid, fd);
      break;
    case SYS_ftruncate:
    case SYS_fallocate:
      break;
    default:
      return;
  }
  struct stat identity;
  if (stat(descriptorPath(task.tid, fd).c_str(), &identity) != 0) return;
  if (!sharedFiles_.seen(identity.st_dev, identity.st_ino)) return;
  const uint64_t size = static_cast<uint64_t>(identity.st_size);
  if (task.call == SYS_ftruncate) {
    // The rest of its last page.
    recordFileRange(identity, size, wholePages(size));
  } else if (task.call == SYS_fallocate) {
    constexpr uint64_t kMoving = FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE;
    constexpr uint64_t kClearing = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
    const uint64_t last = arguments[1] & kMoving ? size : std::min(size, arguments[2] + arguments[3]);
    if (arguments[1] & (kMoving | kClearing)) recordFileRange(identity, arguments[2], last);
  } else if (!end) {
    return sharedFiles_.setChanged(identity.st_dev, identity.st_ino, true);
  } else {
    recordFileRange(identity, *end - static_cast<uint64_t>(result), *end);
  }
  // What lies where the file has grown again since it was cut reads as zeros.
  const uint64_t cutAt = sharedFiles_.smallest(identity.st_dev, identity.st_ino, size);
  recordFileRange(identity, cutAt, size);
}

}  // namespace rr
