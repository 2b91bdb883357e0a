#include "record/calls/file-reads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "generated/schema.h"
#include "record/tree/task-state.h"

namespace rr {

namespace {

// Less is not worth the question. Bytes.
constexpr int64_t kLeast = 4096;

bool readsFile(long call) {
  return call == SYS_read || call == SYS_readv || call == SYS_pread64 || call == SYS_preadv || call == SYS_preadv2;
}

}  // namespace

uint8_t readFlags(const Task& task, int64_t result) {
  if (result < kLeast || !readsFile(task.call)) return 0;
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  struct statx file;
  constexpr int kFlags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
  if (statx(AT_FDCWD, link.c_str(), kFlags, STATX_TYPE | STATX_MODE, &file) != 0) return 0;
  return S_ISREG(file.stx_mode) && (file.stx_mode & S_IROTH) != 0 ? schema::kDataFromFile : 0;
}

}  // namespace rr
