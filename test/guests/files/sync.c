// Calls about files that return nothing but success: fsync, fdatasync, sync_file_range, syncfs, posix_fadvise,
// readahead.
#include "../guest.h"

int main(void) {
  int file = patternFile("file", 10000);
  result("fsync", syscall(SYS_fsync, poisoned(file)));
  result("fdatasync", syscall(SYS_fdatasync, poisoned(file)));
  result("sync_file_range", syscall(SYS_sync_file_range, poisoned(file), 0L, 4096L, poisoned(2)));
  result("fadvise64", syscall(SYS_fadvise64, poisoned(file), 0L, 4096L, poisoned(POSIX_FADV_SEQUENTIAL)));
  result("fadvise64 unknown", syscall(SYS_fadvise64, poisoned(file), 0L, 4096L, poisoned(77)));
  result("readahead", syscall(SYS_readahead, poisoned(file), 0L, 4096L));
  result("fsync bad descriptor", syscall(SYS_fsync, poisoned(99)));
  int ends[2];
  need(pipe(ends) == 0);
  result("fsync pipe", syscall(SYS_fsync, poisoned(ends[0])));
  return 0;
}
