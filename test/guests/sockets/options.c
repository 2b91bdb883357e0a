// getsockopt and setsockopt: integers, structures, lengths that are cut down, errors pending.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "../guest.h"

int main(void) {
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  int *value = pageEnd(sizeof *value);
  socklen_t *length = pageEnd(sizeof *length);
  int options[] = {SO_TYPE, SO_ERROR, SO_KEEPALIVE, SO_REUSEADDR, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
    *length = sizeof *value;
    *value = -7;
    result("getsockopt",
           syscall(SYS_getsockopt, poisoned(socket_), poisoned(SOL_SOCKET), poisoned(options[i]), value, length));
    say("  option %d is %d, length %u\n", options[i], *value, *length);
  }
  *length = 1;
  *value = -1;
  result("cut off", syscall(SYS_getsockopt, poisoned(socket_), poisoned(SOL_SOCKET), poisoned(SO_TYPE), value, length));
  say("  %x, length %u\n", *value, *length);
  struct timeval wait = {1, 500000}, *back = pageEnd(sizeof *back);
  result("SO_RCVTIMEO", setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, pageEndCopy(&wait, sizeof wait), sizeof wait));
  *length = sizeof *back;
  result("SO_RCVTIMEO asked", getsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, back, length));
  say("  %ld.%06ld\n", back->tv_sec, back->tv_usec);
  struct linger linger = {1, 3}, *lingerBack = pageEnd(sizeof *lingerBack);
  result("SO_LINGER", setsockopt(socket_, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
  *length = sizeof *lingerBack;
  result("SO_LINGER asked", getsockopt(socket_, SOL_SOCKET, SO_LINGER, lingerBack, length));
  say("  %d %d\n", lingerBack->l_onoff, lingerBack->l_linger);
  char *information = pageEnd(104);
  *length = 104;
  result("TCP_INFO", getsockopt(socket_, IPPROTO_TCP, TCP_INFO, information, length));
  say("  state %d, length %u\n", information[0], *length);
  result("unknown option", getsockopt(socket_, SOL_SOCKET, 12345, value, length));
  result("bad address", getsockopt(socket_, SOL_SOCKET, SO_TYPE, badAddress(), length));
  *length = -1;
  result("negative length", getsockopt(socket_, SOL_SOCKET, SO_TYPE, value, length));
  result("not a socket", getsockopt(0, SOL_SOCKET, SO_TYPE, value, length));
  // A receive that times out.
  int pair[2];
  need(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  wait = (struct timeval){0, 10000};
  need(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0);
  result("recv times out", recv(pair[0], value, 4, 0));
  return 0;
}
