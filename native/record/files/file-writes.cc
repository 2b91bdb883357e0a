#include "record/files/file-writes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "record/call-result.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

// Whether the call's descriptor, its first argument, was opened with O_APPEND.
bool appends(const Task& task) {
  const auto flags = descriptorFlags(task.tid, static_cast<int>(task.arguments[0]));
  return flags && (*flags & O_APPEND);
}

uint64_t wholePages(uint64_t length) { return (length + 4095) & ~4095ULL; }

}  // namespace

void FileWrites::noteSharedViews(const Task& task, int64_t result) {
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

// Records what a part of a file that is mapped shared holds now, where it is mapped. True when one mapping has it all.
bool FileWrites::recordFileRange(const struct stat& identity, uint64_t start, uint64_t end) {
  const auto* views = sharedFiles_.views(identity.st_dev, identity.st_ino);
  if (!views || start >= end) return false;
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
    for (auto& [tid, other] : tree_.all()) {
      if (other->space != space) continue;
      writer_.memory(tid, space->memory, view.address + (from - view.offset), to - from);
      recordedFrom = from;
      recordedTo = to;
      whole = whole || (from == start && to == end);
      break;
    }
  }
  if (!whole) sharedFiles_.setChanged(identity.st_dev, identity.st_ino, true);
  return whole;
}

// The same for private mappings, each of which may have a copy of its own by now: what they hold is recorded.
void FileWrites::recordPrivateRange(const struct stat& identity, uint64_t start, uint64_t end) {
  std::set<const AddressSpace*> looked;
  bool mapped = false;
  for (auto& [tid, task] : tree_.all()) {
    if (task->state == Task::State::dying || !task->space || !looked.insert(task->space.get()).second) continue;
    for (const MapLine& line : readMaps(tid)) {
      if (line.shared || line.inode != identity.st_ino) continue;
      if (makedev(line.deviceMajor, line.deviceMinor) != identity.st_dev) continue;
      mapped = true;
      const uint64_t from = std::max(start, line.offset);
      const uint64_t to = std::min(end, line.offset + (line.end - line.start));
      if (from < to) writer_.memory(tid, task->space->memory, line.start + (from - line.offset), to - from);
    }
  }
  if (mapped) return privateFiles_.setRecorded(identity.st_dev, identity.st_ino);
  privateFiles_.remove(identity.st_dev, identity.st_ino);
  locals_.updateAll();
}

// The file that a call has changed. Nothing for other calls.
std::optional<FileWrites::FileChange> FileWrites::fileChange(const Task& task, int64_t result) const {
  const uint64_t(&arguments)[6] = task.arguments;
  const auto descriptor = [&](FileChange::Kind kind, uint64_t fd) {
    return FileChange{descriptorPath(task.tid, static_cast<int>(fd)), kind};
  };
  const auto opened = [&](uint64_t flags) -> std::optional<FileChange> {
    if (!(flags & O_TRUNC)) return std::nullopt;
    return descriptor(FileChange::Kind::cut, static_cast<uint64_t>(result));
  };
  switch (task.call) {
    case SYS_write:
    case SYS_writev:
    case SYS_sendfile:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
      return descriptor(FileChange::Kind::written, arguments[0]);
    case SYS_copy_file_range:
    case SYS_splice:
      return descriptor(FileChange::Kind::written, arguments[2]);
    case SYS_ftruncate:
      return descriptor(FileChange::Kind::cut, arguments[0]);
    case SYS_fallocate:
      return descriptor(FileChange::Kind::allocated, arguments[0]);
    case SYS_truncate: {
      const auto path = task.space->memory.readString(arguments[0], PATH_MAX);
      if (!path) return std::nullopt;
      const std::string process = "/proc/" + std::to_string(task.tid);
      return FileChange{process + (path->starts_with('/') ? "/root" : "/cwd/") + *path, FileChange::Kind::cut};
    }
    case SYS_creat:
      return opened(O_TRUNC);
    case SYS_open:
      return opened(arguments[1]);
    case SYS_openat:
      return opened(arguments[2]);
    case SYS_openat2:
      return opened(task.space->memory.readValue<uint64_t>(arguments[2]).value_or(0));
    default:
      return std::nullopt;
  }
}

// The end of what a call has written to a file, which now has `size` bytes, in the file.
std::optional<uint64_t> FileWrites::endOfWrite(const Task& task, int64_t result, uint64_t size) const {
  const uint64_t(&arguments)[6] = task.arguments;
  const auto position = [&](uint64_t fd) { return descriptorPosition(task.tid, static_cast<int>(fd)); };
  switch (task.call) {
    case SYS_pwritev2:
      if (arguments[3] == ~0ULL) return position(arguments[0]);
      if (arguments[5] & RWF_APPEND) return size;
      [[fallthrough]];
    case SYS_pwrite64:
    case SYS_pwritev:
      // With O_APPEND the offset counts for nothing (pwrite(2), "BUGS"); the same with RWF_APPEND.
      if (appends(task)) return size;
      return arguments[3] + static_cast<uint64_t>(result);
    case SYS_copy_file_range:
    case SYS_splice:
      if (arguments[3] != 0) return task.space->memory.readValue<uint64_t>(arguments[3]);
      return position(arguments[2]);
    default:
      return position(arguments[0]);
  }
}

void FileWrites::recordFileWrites(Task& task, int64_t result) {
  if (result < 0) return;
  const auto change = fileChange(task, result);
  struct stat identity;
  if (!change || stat(change->path.c_str(), &identity) != 0 || !S_ISREG(identity.st_mode)) return;
  const uint64_t device = identity.st_dev;
  const uint64_t inode = identity.st_ino;
  const bool shared = sharedFiles_.seen(device, inode);
  if (!shared && !privateFiles_.contains(device, inode)) return;
  const auto record = [&](uint64_t start, uint64_t end) {
    // What replay writes to the file by a shared mapping shows in its private ones.
    if (start >= end) return;
    const bool whole = shared && recordFileRange(identity, start, end);
    if (whole && !privateFiles_.recorded(device, inode)) return;
    if (privateFiles_.contains(device, inode)) recordPrivateRange(identity, start, end);
  };
  const uint64_t size = static_cast<uint64_t>(identity.st_size);
  if (change->kind == FileChange::Kind::cut) {
    // The rest of its last page.
    record(size, wholePages(size));
  } else if (change->kind == FileChange::Kind::allocated) {
    const uint64_t(&arguments)[6] = task.arguments;
    constexpr uint64_t kMoving = FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE;
    constexpr uint64_t kClearing = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
    const uint64_t last = arguments[1] & kMoving ? size : std::min(size, arguments[2] + arguments[3]);
    if (arguments[1] & (kMoving | kClearing)) record(arguments[2], last);
  } else if (const auto end = endOfWrite(task, result, size); !end) {
    return sharedFiles_.setChanged(device, inode, true);
  } else {
    record(*end - static_cast<uint64_t>(result), *end);
  }
  // What lies where the file has grown again since it was cut reads as zeros.
  const bool privately = privateFiles_.contains(device, inode);
  uint64_t cutAt = privately ? privateFiles_.sized(device, inode, size) : size;
  if (shared) cutAt = std::min(cutAt, sharedFiles_.smallest(device, inode, size));
  record(cutAt, size);
}

}  // namespace rr
