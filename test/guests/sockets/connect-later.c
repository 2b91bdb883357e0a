// A connect that does not block: EINPROGRESS or success, poll, SO_ERROR; a refused one.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "../guest.h"

int main(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 1) == 0);
  need(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
  int client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  result("connect", connect(client, (struct sockaddr *)&address, sizeof address));
  struct pollfd *wait = pageEnd(sizeof *wait);
  *wait = (struct pollfd){client, POLLOUT, 0};
  result("poll", poll(wait, 1, 5000));
  int error = -1;
  length = sizeof error;
  result("SO_ERROR", getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
  say("  %d\n", error);
  int server = accept(listener, 0, 0);
  need(server >= 0 && write(server, "abc", 3) == 3);
  *wait = (struct pollfd){client, POLLIN, 0};
  result("poll", poll(wait, 1, 5000));
  int count;
  result("FIONREAD", ioctl(client, FIONREAD, &count));
  say("  %d\n", count);
  close(listener);
  int late = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  long value = connect(late, (struct sockaddr *)&address, sizeof address);
  *wait = (struct pollfd){late, POLLOUT, 0};
  say("refused at once or later: %d\n",
      value == -1 && (errno == ECONNREFUSED || (errno == EINPROGRESS && poll(wait, 1, 5000) == 1)));
  return 0;
}
