// splice, tee, vmsplice between files and pipes.
#include <sys/uio.h>

#include "../guest.h"

int main(void) {
  int from = patternFile("from", 100), to = open("to", O_RDWR | O_CREAT, 0644);
  int one[2], two[2];
  need(pipe(one) == 0 && pipe(two) == 0);
  int64_t *offset = pageEnd(8);
  *offset = 10;
  result("splice from a file", syscall(SYS_splice, poisoned(from), offset, poisoned(one[1]), 0L, 30L, poisoned(0)));
  say("  offset %ld\n", (long)*offset);
  result("tee", syscall(SYS_tee, poisoned(one[0]), poisoned(two[1]), 20L, poisoned(0)));
  *offset = 2;
  result("splice to a file", syscall(SYS_splice, poisoned(one[0]), 0L, poisoned(to), offset, 100L, poisoned(0)));
  say("  offset %ld\n", (long)*offset);
  result("splice empty, not blocking", syscall(SYS_splice, poisoned(one[0]), 0L, poisoned(to), 0L, 10L, poisoned(2)));
  result("splice bad offset",
         syscall(SYS_splice, poisoned(from), badAddress(), poisoned(one[1]), 0L, 10L, poisoned(0)));
  result("splice file to file", syscall(SYS_splice, poisoned(from), 0L, poisoned(to), 0L, 10L, poisoned(0)));
  char text[100];
  long size = read(two[0], text, sizeof text);
  say("from the tee: %.*s\n", (int)size, text);
  size = pread(to, text, sizeof text, 2);
  say("from the file: %.*s\n", (int)size, text);
  struct iovec part = {pageEndString("by vmsplice"), 11};
  result("vmsplice into a pipe",
         syscall(SYS_vmsplice, poisoned(one[1]), pageEndCopy(&part, sizeof part), 1L, poisoned(0)));
  struct iovec room = {pageEnd(11), 11};
  size = result("vmsplice out of a pipe",
                syscall(SYS_vmsplice, poisoned(one[0]), pageEndCopy(&room, sizeof room), 1L, poisoned(0)));
  if (size > 0) say("  %.*s\n", (int)size, (char *)room.iov_base);
  return 0;
}
