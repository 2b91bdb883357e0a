// Tells which writes of the program reach the recording's own standard output and error, which replay writes again.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>

namespace rr {

class StdioMonitor {
 public:
  StdioMonitor();

  // 1: descriptor `fd` of the task is our standard output, 2: standard error, 0: neither.
  uint8_t target(pid_t tid, int fd) const;

  // Ours, as fstat(2) tells it: no file has device and inode 0. `singular`: a device other than a terminal, of which
  // only the descriptor itself counts as our output.
  struct Identity {
    uint64_t device, inode;
    bool singular;
  };
  Identity identity(int ours) const;

 private:
  bool same(pid_t tid, int fd, const struct stat& theirs, int ours) const;

  struct stat ours_[3] = {};
  bool open_[3] = {};
};

}  // namespace rr
