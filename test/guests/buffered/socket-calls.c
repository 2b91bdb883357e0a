// Calls on sockets, again and again: names, options, connections, messages with and without room for all of them.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../guest.h"

enum { rounds = 4 };

static void name(const char *what, int call, int socket) {
  struct sockaddr_in *address = pageEnd(sizeof *address);
  socklen_t *length = pageEnd(4);
  *length = sizeof *address;
  result(what, syscall(call, socket, address, length));
  say("  family %d, %u bytes\n", address->sin_family, *length);
  // Half of it has room.
  char *half = pageEnd(8);
  *length = 8;
  result(what, syscall(call, socket, half, length));
  say("  %u bytes\n", *length);
  result(what, syscall(call, socket, badAddress(), length));
  result(what, syscall(call, socket, half, 0L));
}

static void options(int socket) {
  int *value = pageEnd(4);
  socklen_t *length = pageEnd(4);
  *value = 1;
  result("reuse", syscall(SYS_setsockopt, socket, poisoned(SOL_SOCKET), poisoned(SO_REUSEADDR), value, poisoned(4)));
  *length = 4;
  result("type", syscall(SYS_getsockopt, socket, poisoned(SOL_SOCKET), poisoned(SO_TYPE), value, length));
  say("  %d, %u bytes\n", *value, *length);
  *length = 2;
  result("short", syscall(SYS_getsockopt, socket, poisoned(SOL_SOCKET), poisoned(SO_REUSEADDR), value, length));
  say("  %u bytes\n", *length);
  *length = 4;
  result("bad value", syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_TYPE, badAddress(), length));
  *length = 0;
  result("filter", syscall(SYS_getsockopt, socket, SOL_SOCKET, SO_ATTACH_FILTER, 0L, length));
  result("unknown", syscall(SYS_getsockopt, socket, SOL_SOCKET, 9999, value, length));
}

static void datagrams(const int *pair) {
  char *text = pageEnd(6);
  need(write(pair[0], "hello", 5) == 5);
  result("peek", syscall(SYS_recvfrom, pair[1], text, 6L, poisoned(MSG_PEEK), 0L, 0L));
  result("cut, with its length", syscall(SYS_recvfrom, pair[1], text, 2L, poisoned(MSG_TRUNC), 0L, 0L));
  say("  %.2s\n", text);
  result("none now", syscall(SYS_recvfrom, pair[1], text, 6L, poisoned(MSG_DONTWAIT), 0L, 0L));
  result("send", syscall(SYS_sendto, pair[0], "again", 5L, 0L, 0L, 0L));
  struct sockaddr_un *from = pageEnd(sizeof *from);
  socklen_t *length = pageEnd(4);
  *length = sizeof *from;
  result("from", syscall(SYS_recvfrom, pair[1], text, 6L, 0L, from, length));
  say("  %.5s, %u bytes of name\n", text, *length);
  // It is gone although it had nowhere to go.
  need(write(pair[0], "lost", 4) == 4);
  result("nowhere", syscall(SYS_recvfrom, pair[1], badAddress(), 4L, 0L, 0L, 0L));
  result("is gone", syscall(SYS_recvfrom, pair[1], text, 6L, poisoned(MSG_DONTWAIT), 0L, 0L));
}

// A descriptor travels with two pieces.
static void message(const int *pair) {
  char *first = pageEnd(3), *second = pageEnd(8);
  struct iovec *out = pageEnd(2 * sizeof *out), *in = pageEnd(2 * sizeof *in);
  out[0] = (struct iovec){"abc", 3};
  out[1] = (struct iovec){"defg", 4};
  in[0] = (struct iovec){first, 3};
  in[1] = (struct iovec){second, 8};
  char *control = pageEnd(CMSG_SPACE(sizeof(int))), *received = pageEnd(CMSG_SPACE(sizeof(int)));
  struct cmsghdr *head = (struct cmsghdr *)control;
  *head = (struct cmsghdr){CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
  *(int *)CMSG_DATA(head) = 1;
  struct msghdr *sent = pageEnd(sizeof *sent), *got = pageEnd(sizeof *got);
  *sent = (struct msghdr){.msg_iov = out, .msg_iovlen = 2, .msg_control = control, .msg_controllen = head->cmsg_len};
  *got = (struct msghdr){
      .msg_iov = in, .msg_iovlen = 2, .msg_control = received, .msg_controllen = CMSG_SPACE(sizeof(int))};
  result("sendmsg", syscall(SYS_sendmsg, pair[0], sent, 0L));
  result("recvmsg", syscall(SYS_recvmsg, pair[1], got, 0L));
  say("  %.3s %.4s, control %zu, flags %x\n", first, second, got->msg_controllen, got->msg_flags);
  need(got->msg_controllen != 0 && close(*(int *)CMSG_DATA((struct cmsghdr *)received)) == 0);
  result("recvmsg none", syscall(SYS_recvmsg, pair[1], got, poisoned(MSG_DONTWAIT)));
  result("bad header", syscall(SYS_recvmsg, pair[1], badAddress(), poisoned(MSG_DONTWAIT)));
}

static void batch(const int *pair) {
  char *texts = pageEnd(3 * 4);
  struct iovec *vectors = pageEnd(3 * sizeof *vectors);
  struct mmsghdr *messages = pageEnd(3 * sizeof *messages);
  memcpy(texts, "one two six ", 12);
  for (int i = 0; i < 3; i++) {
    vectors[i] = (struct iovec){texts + 4 * i, 4};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = vectors + i, .msg_iovlen = 1}};
  }
  result("sendmmsg", syscall(SYS_sendmmsg, pair[0], messages, poisoned(2), 0L));
  memset(texts, '.', 12);
  result("recvmmsg", syscall(SYS_recvmmsg, pair[1], messages, poisoned(3), poisoned(MSG_WAITFORONE), 0L));
  say("  %.12s %u %u\n", texts, messages[0].msg_len, messages[1].msg_len);
  result("recvmmsg none", syscall(SYS_recvmmsg, pair[1], messages, poisoned(3), poisoned(MSG_DONTWAIT), 0L));
}

int main(void) {
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof here;
  need(bind(listening, (void *)&here, sizeof here) == 0 && listen(listening, 5) == 0);
  need(getsockname(listening, (void *)&here, &length) == 0);
  for (int round = 0; round < rounds; round++) {
    int pair[2];
    need(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    result("bad pair", syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0L, badAddress()));
    datagrams(pair);
    message(pair);
    batch(pair);
    need(close(pair[0]) == 0 && close(pair[1]) == 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    result("connect", syscall(SYS_connect, client, &here, poisoned(sizeof here)));
    struct sockaddr_in *peer = pageEnd(sizeof *peer);
    socklen_t *room = pageEnd(4);
    *room = sizeof *peer;
    int server = syscall(SYS_accept4, listening, peer, room, poisoned(SOCK_CLOEXEC));
    say("accepted %d, %u bytes, loopback %d\n", server >= 0, *room, peer->sin_addr.s_addr == htonl(INADDR_LOOPBACK));
    name("getsockname", SYS_getsockname, client);
    name("getpeername", SYS_getpeername, client);
    options(client);
    result("nothing there", syscall(SYS_recvfrom, client, peer, 1L, 0L, 0L, 0L));
    result("send", syscall(SYS_sendto, server, "data", 4L, poisoned(MSG_NOSIGNAL), 0L, 0L));
    char *text = pageEnd(4);
    result("all of it", syscall(SYS_recvfrom, client, text, 4L, poisoned(MSG_WAITALL), 0L, 0L));
    result("shutdown", syscall(SYS_shutdown, server, poisoned(SHUT_WR)));
    result("the end", syscall(SYS_recvfrom, client, text, 4L, 0L, 0L, 0L));
    need(close(client) == 0 && close(server) == 0);
  }
  return 0;
}
