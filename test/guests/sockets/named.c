// Unix sockets by path and in the abstract namespace: names that are filled in, peer credentials, errors.
#include <sys/socket.h>
#include <sys/un.h>

#include "../guest.h"

int main(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  result("bind", bind(listener, (struct sockaddr *)&address, sizeof address));
  result("bind again", bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&address, sizeof address));
  result("listen", listen(listener, 3));
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  result("connect", connect(client, (struct sockaddr *)&address, sizeof address));
  struct sockaddr_un *name = pageEnd(sizeof *name);
  socklen_t *length = pageEnd(sizeof *length);
  *length = sizeof *name;
  int server = syscall(SYS_accept, poisoned(listener), name, length);
  say("accept %d: length %u\n", server, *length);
  *length = sizeof *name;
  result("getpeername", getpeername(client, (struct sockaddr *)name, length));
  say("  %s, length %u\n", name->sun_path, *length);
  struct ucred *who = pageEnd(sizeof *who);
  *length = sizeof *who;
  result("SO_PEERCRED", getsockopt(server, SOL_SOCKET, SO_PEERCRED, who, length));
  say("  me %d\n", who->pid == getpid() && who->uid == getuid());
  struct sockaddr_un abstract = {.sun_family = AF_UNIX};
  snprintf(abstract.sun_path, sizeof abstract.sun_path, "%crr-guest-%d", 0, getpid());
  int hidden = socket(AF_UNIX, SOCK_DGRAM, 0);
  result("bind abstract", bind(hidden, (struct sockaddr *)&abstract, 30));
  *length = sizeof *name;
  result("getsockname", getsockname(hidden, (struct sockaddr *)name, length));
  say("  length %u, same %d\n", *length, memcmp(name, &abstract, 30) == 0);
  result("connect to nothing",
         (strcpy(address.sun_path, "none"), connect(client, (struct sockaddr *)&address, sizeof address)));
  result("close and end of stream", (close(client), read(server, name, 10)));
  return 0;
}
