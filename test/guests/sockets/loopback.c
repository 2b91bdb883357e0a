// TCP on loopback between parent and child: bind, listen, accept4, connect, names, options, end of stream.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "../guest.h"

int main(void) {
  int listener = syscall(SYS_socket, poisoned(AF_INET), poisoned(SOCK_STREAM | SOCK_CLOEXEC), poisoned(0));
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  result("bind",
         syscall(SYS_bind, poisoned(listener), pageEndCopy(&address, sizeof address), poisoned(sizeof address)));
  result("listen", syscall(SYS_listen, poisoned(listener), poisoned(5)));
  struct sockaddr_in *name = pageEnd(sizeof *name);
  socklen_t *length = pageEnd(sizeof *length);
  *length = sizeof *name;
  result("getsockname", syscall(SYS_getsockname, poisoned(listener), name, length));
  say("  length %u, port chosen %d\n", *length, name->sin_port != 0);
  struct sockaddr_in target = *name;
  *length = 4;
  memset(name, 0xa5, sizeof *name);
  result("getsockname cut off", syscall(SYS_getsockname, poisoned(listener), name, length));
  say("  length %u, behind it untouched %d\n", *length, ((unsigned char *)name)[4] == 0xa5);
  pid_t child = fork();
  if (child == 0) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    result("connect",
           syscall(SYS_connect, poisoned(client), pageEndCopy(&target, sizeof target), poisoned(sizeof target)));
    need(send(client, "question", 8, 0) == 8);
    char text[20] = {0};
    need(recv(client, text, 6, MSG_WAITALL) == 6);
    say("client got %s\n", text);
    _exit(0);
  }
  *length = sizeof *name;
  int server = syscall(SYS_accept4, poisoned(listener), name, length, poisoned(SOCK_CLOEXEC));
  char *text = pageEnd(8);
  need(recv(server, text, 8, MSG_WAITALL) == 8);
  say("accepted from loopback %d, length %u, flags %d\n", name->sin_addr.s_addr == htonl(INADDR_LOOPBACK), *length,
      fcntl(server, F_GETFD));
  say("server got %.8s\n", text);
  int one = 1, *value = pageEnd(sizeof *value);
  result("setsockopt", setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
  *length = sizeof *value;
  result("getsockopt",
         syscall(SYS_getsockopt, poisoned(server), poisoned(IPPROTO_TCP), poisoned(TCP_NODELAY), value, length));
  say("  %d\n", *value != 0);
  *length = sizeof *name;
  result("getpeername", syscall(SYS_getpeername, poisoned(server), name, length));
  need(send(server, "answer", 6, 0) == 6);
  reap("client", child);
  result("recv at the end", recv(server, text, 8, 0));
  close(listener);
  int late = socket(AF_INET, SOCK_STREAM, 0);
  result("connect to nobody", connect(late, (struct sockaddr *)&target, sizeof target));
  result("accept on a plain socket", accept(late, 0, 0));
  result("getpeername, not connected", getpeername(late, (struct sockaddr *)name, length));
  return 0;
}
