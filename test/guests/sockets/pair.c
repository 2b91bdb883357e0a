// socketpair of streams, datagrams and packets; shutdown; sizes that are cut off; peeking.
#include <sys/socket.h>

#include "../guest.h"

int main(void) {
  int *ends = pageEnd(2 * sizeof *ends);
  char *text = pageEnd(16);
  result("stream", syscall(SYS_socketpair, poisoned(AF_UNIX), poisoned(SOCK_STREAM), poisoned(0), ends));
  say("  %d %d\n", ends[0], ends[1]);
  result("send",
         syscall(SYS_sendto, poisoned(ends[0]), pageEndString("hello stream"), 12L, poisoned(0), 0L, poisoned(0)));
  result("peek", syscall(SYS_recvfrom, poisoned(ends[1]), text, 5L, poisoned(MSG_PEEK), 0L, 0L));
  result("recv", syscall(SYS_recvfrom, poisoned(ends[1]), text, 16L, poisoned(0), 0L, 0L));
  say("  %.12s\n", text);
  result("recv nothing", recv(ends[1], text, 16, MSG_DONTWAIT));
  result("shutdown", syscall(SYS_shutdown, poisoned(ends[0]), poisoned(SHUT_WR)));
  result("recv at the end", recv(ends[1], text, 16, 0));
  result("datagram", socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
  need(send(ends[0], "twelve bytes", 12, 0) == 12 && send(ends[0], "", 0, 0) == 0 && send(ends[0], "next", 4, 0) == 4);
  result("recv cut off", recv(ends[1], text, 6, 0));
  result("recv empty", recv(ends[1], text, 16, 0));
  result("recv MSG_TRUNC gives the whole size", recv(ends[1], text, 2, MSG_TRUNC));
  result("packets", socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends));
  need(write(ends[0], "one", 3) == 3 && write(ends[0], "two", 3) == 3);
  result("read a packet", read(ends[1], text, 16));
  result("recv bad address", recv(ends[1], badAddress(), 16, 0));
  result("recv again", recv(ends[1], text, 16, 0));
  result("bad address", syscall(SYS_socketpair, poisoned(AF_UNIX), poisoned(SOCK_STREAM), poisoned(0), badAddress()));
  result("unknown family", socketpair(AF_INET, SOCK_STREAM, 0, ends));
  return 0;
}
