#include "record/runtime/stdio-monitor.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace rr {

StdioMonitor::StdioMonitor() {
  for (int fd = 1; fd <= 2; fd++) open_[fd] = fstat(fd, &ours_[fd]) == 0;
}

bool StdioMonitor::same(pid_t tid, int fd, const struct stat& theirs, int ours) const {
  const struct stat& mine = ours_[ours];
  if (!open_[ours] || theirs.st_dev != mine.st_dev || theirs.st_ino != mine.st_ino) return false;
  // One pipe, file, socket or terminal is one output however it was opened. Of other devices (/dev/null) only the very
  // descriptor counts; where kcmp(2) is refused, the number must do.
  if (!S_ISCHR(mine.st_mode) || isatty(ours)) return true;
  const long order = syscall(SYS_kcmp, getpid(), tid, KCMP_FILE, ours, fd);
  return order < 0 ? fd == ours : order == 0;
}

StdioMonitor::Identity StdioMonitor::identity(int ours) const {
  if (!open_[ours]) return {};
  const struct stat& mine = ours_[ours];
  return {mine.st_dev, mine.st_ino, S_ISCHR(mine.st_mode) && !isatty(ours)};
}

uint8_t StdioMonitor::target(pid_t tid, int fd) const {
  char path[48];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", tid, fd);
  struct stat theirs;
  if (stat(path, &theirs) != 0) return 0;
  const bool output = same(tid, fd, theirs, 1);
  const bool error = same(tid, fd, theirs, 2);
  // Both may be one file (2>&1): then the descriptor's number tells.
  if (output && error) return fd == 2 ? 2 : 1;
  return output ? 1 : error ? 2 : 0;
}

}  // namespace rr
