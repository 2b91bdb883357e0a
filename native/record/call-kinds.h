// Kinds of system calls that several parts tell apart.
#pragma once

#include <sys/syscall.h>

namespace rr {

inline bool makesTask(long call) {
  return call == SYS_fork || call == SYS_vfork || call == SYS_clone || call == SYS_clone3;
}

inline bool isExec(long call) { return call == SYS_execve || call == SYS_execveat; }

// Calls that move bytes to a descriptor, which may be our standard output or error.
inline bool writesToDescriptor(long call) {
  switch (call) {
    case SYS_write:
    case SYS_writev:
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_sendfile:
    case SYS_copy_file_range:
    case SYS_splice:
    case SYS_tee:
    case SYS_vmsplice:
      return true;
    default:
      return false;
  }
}

}  // namespace rr
