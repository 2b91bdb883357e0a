// copy_file_range: offsets given by address are updated there, and the files' own offsets stay.
#include "../guest.h"

int main(void) {
  int from = patternFile("from", 1000);
  int to = open("to", O_RDWR | O_CREAT, 0644);
  int64_t *in = pageEnd(8), *out = pageEnd(8);
  *in = 26;
  *out = 5;
  result("with offsets", syscall(SYS_copy_file_range, poisoned(from), in, poisoned(to), out, 100L, poisoned(0)));
  say("  in %ld out %ld, files at %ld and %ld\n", (long)*in, (long)*out, (long)lseek(from, 0, SEEK_CUR),
      (long)lseek(to, 0, SEEK_CUR));
  result("without", syscall(SYS_copy_file_range, poisoned(from), 0L, poisoned(to), 0L, 10L, poisoned(0)));
  say("  files at %ld and %ld\n", (long)lseek(from, 0, SEEK_CUR), (long)lseek(to, 0, SEEK_CUR));
  *in = 990;
  result("over the end", syscall(SYS_copy_file_range, poisoned(from), in, poisoned(to), out, 100L, poisoned(0)));
  say("  in %ld out %ld\n", (long)*in, (long)*out);
  result("at the end", syscall(SYS_copy_file_range, poisoned(from), in, poisoned(to), out, 100L, poisoned(0)));
  result("bad offset address",
         syscall(SYS_copy_file_range, poisoned(from), badAddress(), poisoned(to), 0L, 10L, poisoned(0)));
  result("unknown flag", syscall(SYS_copy_file_range, poisoned(from), 0L, poisoned(to), 0L, 10L, poisoned(8)));
  result("to itself", syscall(SYS_copy_file_range, poisoned(to), 0L, poisoned(to), 0L, 10L, poisoned(0)));
  result("to no descriptor", syscall(SYS_copy_file_range, poisoned(from), 0L, poisoned(99), 0L, 10L, poisoned(0)));
  char text[300];
  long size = pread(to, text, sizeof text, 0);
  say("content %ld %016lx\n", size, hashOf(text, size));
  return 0;
}
