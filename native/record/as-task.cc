#include "record/as-task.h"

#include <errno.h>
#include <sys/uio.h>

#include <algorithm>

namespace rr {

namespace {

// Whether the task itself may access [address, address + length), after the call that judges by that has failed with
// errno: a container's profile may forbid it.
bool mayAccess(const Task& task, uint64_t address, size_t length, bool MapLine::*access) {
  if (errno != EPERM && errno != ENOSYS) return false;
  uint64_t start = address;
  for (const MapLine& line : readMaps(task.tid)) {
    if (line.start <= start && start < line.end && line.*access) start = line.end;
  }
  return start >= address + length;
}

}  // namespace

bool readAsTask(const Task& task, uint64_t address, void* bytes, size_t length) {
  const iovec local = {bytes, length};
  const iovec remote = {reinterpret_cast<void*>(address), length};
  if (process_vm_readv(task.tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(length)) return true;
  return mayAccess(task, address, length, &MapLine::readable) && task.space->memory.readAll(address, bytes, length);
}

bool writeAsTask(const Task& task, uint64_t address, const void* bytes, size_t length) {
  if (length == 0) return true;
  const iovec local = {const_cast<void*>(bytes), length};
  const iovec remote = {reinterpret_cast<void*>(address), length};
  if (process_vm_writev(task.tid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(length)) return true;
  // Where a seccomp filter refuses that call. As the kernel does it: what fits is written.
  constexpr uint64_t kPage = 4096;
  for (size_t done = 0; done < length;) {
    const uint64_t at = address + done;
    const size_t part = std::min<uint64_t>(length - done, kPage - at % kPage);
    if (!mayAccess(task, at, part, &MapLine::writable)) return false;
    if (!task.space->memory.writeAll(at, static_cast<const uint8_t*>(bytes) + done, part)) return false;
    done += part;
  }
  return true;
}

}  // namespace rr
