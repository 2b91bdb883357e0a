// Kinds of system calls that several parts tell apart.
#pragma once

#include <sys/syscall.h>

namespace rr {

inline bool makesTask(long call) {
  return call == SYS_fork || call == SYS_vfork || call == SYS_clone || call == SYS_clone3;
}

inline bool isExec(long call) { return call == SYS_execve || call == SYS_execveat; }

// Calls for which mapping records do not tell of new memory (docs/events.md): nothing can be mapped for us there.
inline bool mappingsTellRanges(long call) {
  return call == SYS_munmap || call == SYS_mprotect || call == SYS_pkey_mprotect || call == SYS_mremap ||
         call == SYS_madvise || call == SYS_shmdt || call == SYS_modify_ldt;
}

// Calls that the in-tracee runtime makes, and the tracer records at its stop behind them (preload/families/memory.c).
inline bool isMadeToBeRecorded(long call) {
  return call == SYS_mmap || call == SYS_munmap || call == SYS_mprotect || call == SYS_brk || call == SYS_arch_prctl;
}

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
