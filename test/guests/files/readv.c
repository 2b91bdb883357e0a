// readv, preadv, preadv2: vectors that are empty, too long, or fault half way.
#include <sys/uio.h>

#include "../guest.h"

static struct iovec *vector(char *a, size_t aSize, char *b, size_t bSize) {
  struct iovec parts[2] = {{a, aSize}, {b, bSize}};
  return pageEndCopy(parts, sizeof parts);
}

int main(void) {
  int file = patternFile("file", 60);
  char *first = pageEnd(10), *second = pageEnd(20);
  result("readv", syscall(SYS_readv, poisoned(file), vector(first, 10, second, 20), poisoned(2)));
  say("  \"%.10s\" \"%.20s\"\n", first, second);
  result("preadv", syscall(SYS_preadv, poisoned(file), vector(first, 10, second, 20), 2L, 45L, 0L));
  say("  \"%.10s\" \"%.5s\"\n", first, second);
  result("preadv2 at the file's own offset",
         syscall(SYS_preadv2, poisoned(file), vector(first, 3, second, 4), 2L, -1L, -1L, poisoned(0)));
  say("  \"%.3s\" \"%.4s\", offset %ld\n", first, second, (long)lseek(file, 0, SEEK_CUR));
  result("preadv2 unknown flag",
         syscall(SYS_preadv2, poisoned(file), vector(first, 3, second, 4), 2L, 0L, 0L, poisoned(0x8000)));
  result("readv no parts", syscall(SYS_readv, poisoned(file), badAddress(), 0L));
  result("readv too many parts", syscall(SYS_readv, poisoned(file), vector(first, 1, second, 1), 1025L));
  result("readv negative count", syscall(SYS_readv, poisoned(file), vector(first, 1, second, 1), -1L));
  result("readv vector at bad address", syscall(SYS_readv, poisoned(file), badAddress(), 2L));
  result("readv vector one entry short", syscall(SYS_readv, poisoned(file), vector(first, 1, second, 1) + 1, 2L));
  lseek(file, 0, SEEK_SET);
  memset(first, '-', 10);
  result("readv second part bad", syscall(SYS_readv, poisoned(file), vector(first, 10, badAddress(), 5), 2L));
  say("  \"%.10s\", offset %ld\n", first, (long)lseek(file, 0, SEEK_CUR));
  result("readv first part bad", syscall(SYS_readv, poisoned(file), vector(badAddress(), 5, second, 5), 2L));
  result("readv part beyond its page", syscall(SYS_readv, poisoned(file), vector(first + 6, 8, second, 5), 2L));
  say("  \"%.4s\"\n", first + 6);
  result("readv overlapping", syscall(SYS_preadv, poisoned(file), vector(second, 20, second + 5, 10), 2L, 0L, 0L));
  say("  \"%.20s\"\n", second);
  return 0;
}
