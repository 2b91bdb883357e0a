// UDP on loopback, one process: sendto, recvfrom with the sender's address whole, cut off and not asked.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "../guest.h"

static int bound(struct sockaddr_in *address) {
  int socket_ = socket(AF_INET, SOCK_DGRAM, 0);
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof *address;
  need(bind(socket_, (struct sockaddr *)address, sizeof *address) == 0);
  need(getsockname(socket_, (struct sockaddr *)address, &length) == 0);
  return socket_;
}

int main(void) {
  struct sockaddr_in one, two;
  int a = bound(&one), b = bound(&two);
  for (int i = 0; i < 4; i++)
    result("sendto",
           syscall(SYS_sendto, poisoned(a), pageEndString("datagram"), 8L, poisoned(0), &two, poisoned(sizeof two)));
  char *text = pageEnd(8);
  struct sockaddr_in *from = pageEnd(sizeof *from);
  socklen_t *length = pageEnd(sizeof *length);
  *length = sizeof *from;
  result("recvfrom", syscall(SYS_recvfrom, poisoned(b), text, 8L, poisoned(0), from, length));
  say("  %.8s from the first %d, length %u\n", text, from->sin_port == one.sin_port, *length);
  *length = 2;
  memset(from, 0xa5, sizeof *from);
  result("recvfrom address cut off", syscall(SYS_recvfrom, poisoned(b), text, 8L, poisoned(0), from, length));
  say("  length %u, behind it untouched %d\n", *length, ((unsigned char *)from)[2] == 0xa5);
  result("recvfrom without address", syscall(SYS_recvfrom, poisoned(b), text, 8L, poisoned(0), 0L, 0L));
  result("recvfrom length at bad address",
         syscall(SYS_recvfrom, poisoned(b), text, 8L, poisoned(MSG_DONTWAIT), from, badAddress()));
  result("recvfrom nothing", recvfrom(b, text, 8, MSG_DONTWAIT, 0, 0));
  result("connect", connect(a, (struct sockaddr *)&two, sizeof two));
  result("write", write(a, "by write", 8));
  result("read", read(b, text, 8));
  say("  %.8s\n", text);
  result("sendto too large", sendto(a, malloc(100000), 100000, 0, 0, 0));
  return 0;
}
