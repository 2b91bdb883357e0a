// sendmmsg and recvmmsg: lengths filled in, with a time limit, fewer than asked.
#include <sys/socket.h>
#include <time.h>

#include "../guest.h"

int main(void) {
  int ends[2];
  need(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0);
  struct mmsghdr *batch = pageEnd(3 * sizeof *batch);
  memset(batch, 0, 3 * sizeof *batch);
  struct iovec parts[3] = {{"a", 1}, {"bb", 2}, {"ccc", 3}};
  for (int i = 0; i < 3; i++) batch[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
  result("sendmmsg", syscall(SYS_sendmmsg, poisoned(ends[0]), batch, poisoned(3), poisoned(0)));
  say("  %u %u %u\n", batch[0].msg_len, batch[1].msg_len, batch[2].msg_len);
  char *rooms[3];
  for (int i = 0; i < 3; i++) {
    rooms[i] = pageEnd(4);
    parts[i] = (struct iovec){rooms[i], 4};
    batch[i].msg_len = 77;
  }
  struct timespec *limit = pageEnd(sizeof *limit);
  *limit = (struct timespec){1, 0};
  result("recvmmsg", syscall(SYS_recvmmsg, poisoned(ends[1]), batch, poisoned(2), poisoned(0), limit));
  say("  %u %u %u, %.1s %.2s\n", batch[0].msg_len, batch[1].msg_len, batch[2].msg_len, rooms[0], rooms[1]);
  result("recvmmsg of what is left",
         syscall(SYS_recvmmsg, poisoned(ends[1]), batch, poisoned(3), poisoned(MSG_DONTWAIT), 0L));
  say("  %u, %.3s\n", batch[0].msg_len, rooms[0]);
  result("recvmmsg nothing", recvmmsg(ends[1], batch, 3, MSG_DONTWAIT, 0));
  result("recvmmsg bad address",
         syscall(SYS_recvmmsg, poisoned(ends[1]), badAddress(), poisoned(3), poisoned(MSG_DONTWAIT), 0L));
  return 0;
}
