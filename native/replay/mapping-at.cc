#include "replay/mapping-at.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "tracee/tracee.h"

namespace rr {

namespace {

// linux/fs.h of Linux 6.11, struct procmap_query: one mapping, without the text of all.
struct MappingQuery {
  uint64_t size, flags, address;
  uint64_t start, end, mappingFlags, pageSize, offset, inode;
  uint32_t deviceMajor, deviceMinor, nameSize, buildIdSize;
  uint64_t name, buildId;
};
constexpr unsigned long kQueryMapping = _IOWR('f', 17, MappingQuery);
constexpr uint64_t kReadable = 1;
constexpr uint64_t kWritable = 2;
constexpr uint64_t kExecutable = 4;

int protectionOf(bool readable, bool writable, bool executable) {
  return (readable ? PROT_READ : 0) | (writable ? PROT_WRITE : 0) | (executable ? PROT_EXEC : 0);
}

}  // namespace

int protectionAt(pid_t tid, uint64_t address) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/maps", tid);
  const int maps = open(path, O_RDONLY | O_CLOEXEC);
  if (maps < 0) return -1;
  MappingQuery query = {};
  query.size = sizeof query;
  query.address = address;
  const int result = ioctl(maps, kQueryMapping, &query);
  const int error = errno;
  close(maps);
  if (result == 0) {
    const uint64_t flags = query.mappingFlags;
    return protectionOf(flags & kReadable, flags & kWritable, flags & kExecutable);
  }
  if (error == ENOENT) return -1;
  // Before Linux 6.11.
  for (const MapLine& line : readMaps(tid)) {
    if (address >= line.start && address < line.end) {
      return protectionOf(line.readable, line.writable, line.executable);
    }
  }
  return -1;
}

}  // namespace rr
