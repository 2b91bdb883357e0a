// lseek in every mode, holes included, and where it cannot work.
#include "../guest.h"

int main(void) {
  int file = open("file", O_RDWR | O_CREAT, 0644);
  need(ftruncate(file, 1 << 20) == 0);
  need(pwrite(file, "x", 1, 512 << 10) == 1);
  result("SEEK_SET", syscall(SYS_lseek, poisoned(file), 100L, poisoned(SEEK_SET)));
  result("SEEK_CUR", syscall(SYS_lseek, poisoned(file), -50L, poisoned(SEEK_CUR)));
  result("SEEK_END", syscall(SYS_lseek, poisoned(file), 10L, poisoned(SEEK_END)));
  result("SEEK_DATA", syscall(SYS_lseek, poisoned(file), 0L, poisoned(SEEK_DATA)));
  result("SEEK_HOLE", syscall(SYS_lseek, poisoned(file), 0L, poisoned(SEEK_HOLE)));
  result("SEEK_DATA in the last hole", syscall(SYS_lseek, poisoned(file), 1000000L, poisoned(SEEK_DATA)));
  result("before the start", syscall(SYS_lseek, poisoned(file), -1L, poisoned(SEEK_SET)));
  result("beyond 4 GiB", syscall(SYS_lseek, poisoned(file), 5L << 30, poisoned(SEEK_SET)));
  result("unknown mode", syscall(SYS_lseek, poisoned(file), 0L, poisoned(77)));
  int ends[2];
  need(pipe(ends) == 0);
  result("pipe", syscall(SYS_lseek, poisoned(ends[0]), 0L, poisoned(SEEK_SET)));
  result("bad descriptor", syscall(SYS_lseek, poisoned(99), 0L, poisoned(SEEK_SET)));
  return 0;
}
