// read and pread64: short counts at the end of the file and of memory, EFAULT, bad descriptors.
#include "../guest.h"

static void show(const char *what, long count, const char *buffer) {
  result(what, count);
  if (count > 0) say("  \"%.*s\"\n", (int)count, buffer);
}

int main(void) {
  int file = patternFile("file", 100);
  char *buffer = pageEnd(16);
  show("read", syscall(SYS_read, poisoned(file), buffer, 16L), buffer);
  show("read with room for 16 of 32", syscall(SYS_read, poisoned(file), buffer, 32L), buffer);
  say("offset %ld\n", (long)lseek(file, 0, SEEK_CUR));
  show("pread64", syscall(SYS_pread64, poisoned(file), buffer, 16L, 90L), buffer);
  show("pread64 past the end", syscall(SYS_pread64, poisoned(file), buffer, 16L, 1000L), buffer);
  show("pread64 negative offset", syscall(SYS_pread64, poisoned(file), buffer, 16L, -1L), buffer);
  show("read bad address", syscall(SYS_read, poisoned(file), badAddress(), 16L), buffer);
  show("read nothing", syscall(SYS_read, poisoned(file), badAddress(), 0L), buffer);
  show("read bad descriptor", syscall(SYS_read, poisoned(99), buffer, 16L), buffer);
  show("read directory", syscall(SYS_read, poisoned(open(".", O_RDONLY)), buffer, 16L), buffer);
  show("read write-only", syscall(SYS_read, poisoned(open("file", O_WRONLY)), buffer, 16L), buffer);
  show("read negative size", syscall(SYS_read, poisoned(file), buffer, -1L), buffer);
  lseek(file, 95, SEEK_SET);
  show("read at the end", syscall(SYS_read, poisoned(file), buffer, 16L), buffer);
  show("read behind the end", syscall(SYS_read, poisoned(file), buffer, 16L), buffer);

  // Memory that cannot be written: the page of a constant.
  char *constant = mmap(0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  lseek(file, 0, SEEK_SET);
  show("read into read-only memory", syscall(SYS_read, poisoned(file), constant, 16L), buffer);
  // Two pages, the second of them read-only: 4000 bytes fit before it.
  char *pages = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + pageSize, pageSize, PROT_READ);
  int big = patternFile("big", 8192);
  result("read across a protection", syscall(SYS_read, poisoned(big), pages + 96, 8000L));
  say("  %016lx, behind it %d\n", hashOf(pages, pageSize), pages[pageSize]);
  int zero = open("/dev/zero", O_RDONLY);
  buffer[0] = 'x';
  result("read /dev/zero", syscall(SYS_read, poisoned(zero), buffer, 16L));
  say("  %d %d\n", buffer[0], buffer[15]);
  return 0;
}
