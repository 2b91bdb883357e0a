// Which of the bytes that calls read come from files: the encoder looks for these in the store.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "record/recorder.h"
#include "record/task-state.h"

namespace rr {

namespace {

// Less is not worth the question. Bytes.
constexpr int64_t kLeast = 4096;

bool readsFile(long call) {
  return call == SYS_read || call == SYS_readv || call == SYS_pread64 || call == SYS_preadv || call == SYS_preadv2;
}

}  // namespace

// Flags of the records of what a call has read: whether it comes from a regular file that everybody may read. A file
// system that the recording itself serves is not asked.
uint8_t Recorder::readFlags(const Task& task, int64_t result) const {
  if (result < kLeast || !readsFile(task.call)) return 0;
  const std::string link = descriptorPath(task.tid, static_cast<int>(task.arguments[0]));
  struct statx file;
  constexpr int kFlags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
  if (statx(AT_FDCWD, link.c_str(), kFlags, STATX_TYPE | STATX_MODE, &file) != 0) return 0;
  return S_ISREG(file.stx_mode) && (file.stx_mode & S_IROTH) != 0 ? schema::kDataFromFile : 0;
}

}  // namespace rr
