// sendfile: file to file and file to pipe, with and without an offset by address.
#include "../guest.h"

int main(void) {
  int from = patternFile("from", 1000);
  int to = open("to", O_RDWR | O_CREAT, 0644);
  int64_t *offset = pageEnd(8);
  *offset = 3;
  result("with offset", syscall(SYS_sendfile, poisoned(to), poisoned(from), offset, 20L));
  say("  offset %ld, input at %ld\n", (long)*offset, (long)lseek(from, 0, SEEK_CUR));
  result("without", syscall(SYS_sendfile, poisoned(to), poisoned(from), 0L, 7L));
  say("  input at %ld\n", (long)lseek(from, 0, SEEK_CUR));
  result("bad offset address", syscall(SYS_sendfile, poisoned(to), poisoned(from), badAddress(), 7L));
  result("bad descriptor", syscall(SYS_sendfile, poisoned(99), poisoned(from), 0L, 7L));
  int ends[2];
  need(pipe(ends) == 0);
  *offset = 980;
  result("to a pipe, over the end", syscall(SYS_sendfile, poisoned(ends[1]), poisoned(from), offset, 100L));
  char text[200];
  long size = read(ends[0], text, sizeof text);
  say("  %.*s, offset %ld\n", (int)size, text, (long)*offset);
  size = pread(to, text, sizeof text, 0);
  say("  %.*s\n", (int)size, text);
  *offset = 0;
  result("to standard output", syscall(SYS_sendfile, poisoned(1), poisoned(from), offset, 26L));
  say("\n");
  return 0;
}
