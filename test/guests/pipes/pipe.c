// pipe, pipe2: descriptors at the end of a page, flags, end of file, EAGAIN, FIONREAD, packets.
#include <sys/ioctl.h>

#include "../guest.h"

int main(void) {
  int *ends = pageEnd(2 * sizeof *ends);
  result("pipe", syscall(SYS_pipe, ends));
  say("  %d %d\n", ends[0], ends[1]);
  result("pipe2", syscall(SYS_pipe2, ends, poisoned(O_CLOEXEC | O_NONBLOCK)));
  say("  %d %d flags %d\n", ends[0], ends[1], fcntl(ends[0], F_GETFD));
  char *text = pageEnd(20);
  result("read empty", read(ends[0], text, 20));
  result("write", write(ends[1], "some text", 9));
  int *count = pageEnd(sizeof *count);
  result("FIONREAD", syscall(SYS_ioctl, poisoned(ends[0]), poisoned(FIONREAD), count));
  say("  %d\n", *count);
  result("read", read(ends[0], text, 4));
  result("read", read(ends[0], text, 20));
  say("  %.5s\n", text);
  char block[4096] = {0};
  long total = 0, size;
  while ((size = write(ends[1], block, sizeof block)) > 0) total += size;
  result("write to a full pipe", size);
  say("  holds %ld\n", total);
  close(ends[1]);
  while ((size = read(ends[0], block, sizeof block)) > 0) total -= size;
  result("read at the end", size);
  say("  left %ld\n", total);
  result("pipe2 packets", syscall(SYS_pipe2, ends, poisoned(O_DIRECT)));
  need(write(ends[1], "one", 3) == 3 && write(ends[1], "two", 3) == 3);
  result("read one packet", read(ends[0], text, 20));
  result("read half a packet", read(ends[0], text, 2));
  result("unknown flag", syscall(SYS_pipe2, ends, poisoned(O_APPEND)));
  result("bad address", syscall(SYS_pipe, badAddress()));
  result("half at a bad address", syscall(SYS_pipe, ends + 1));
  return 0;
}
