// truncate, ftruncate, fallocate.
#include "../guest.h"

static void size(int file) {
  struct stat status;
  need(fstat(file, &status) == 0);
  say("  size %ld\n", (long)status.st_size);
}

int main(void) {
  int file = patternFile("file", 5000);
  result("truncate shorter", syscall(SYS_truncate, pageEndString("file"), 100L));
  size(file);
  result("ftruncate longer", syscall(SYS_ftruncate, poisoned(file), 10000L));
  size(file);
  char byte;
  result("pread in the new part", pread(file, &byte, 1, 5000));
  say("  %d\n", byte);
  result("truncate negative", syscall(SYS_truncate, "file", -1L));
  result("truncate missing", syscall(SYS_truncate, "missing", 0L));
  result("truncate directory", syscall(SYS_truncate, ".", 0L));
  result("truncate bad address", syscall(SYS_truncate, badAddress(), 0L));
  result("ftruncate read-only", syscall(SYS_ftruncate, poisoned(open("file", O_RDONLY)), 0L));
  result("fallocate", syscall(SYS_fallocate, poisoned(file), poisoned(0), 0L, 20000L));
  size(file);
  result("fallocate keep size", syscall(SYS_fallocate, poisoned(file), poisoned(1), 0L, 50000L));
  size(file);
  result("fallocate punch hole", syscall(SYS_fallocate, poisoned(file), poisoned(3), 0L, 4096L));
  need(pread(file, &byte, 1, 0) == 1);
  say("  first byte %d\n", byte);
  result("fallocate length 0", syscall(SYS_fallocate, poisoned(file), poisoned(0), 0L, 0L));
  return 0;
}
