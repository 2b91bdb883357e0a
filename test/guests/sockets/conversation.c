// A server that forks for each of three clients, all at once, over a Unix socket; each line is answered.
#include <sys/socket.h>
#include <sys/un.h>

#include "../guest.h"

static void serve(int socket_) {
  char text[64];
  long size;
  while ((size = read(socket_, text, sizeof text)) > 0) {
    for (long i = 0; i < size / 2; i++) {
      char other = text[i];
      text[i] = text[size - 1 - i];
      text[size - 1 - i] = other;
    }
    need(write(socket_, text, size) == size);
  }
  _exit(0);
}

int main(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  need(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, 3) == 0);
  pid_t clients[3];
  for (int i = 0; i < 3; i++) {
    clients[i] = fork();
    if (clients[i] == 0) {
      int socket_ = socket(AF_UNIX, SOCK_STREAM, 0);
      need(connect(socket_, (struct sockaddr *)&address, sizeof address) == 0);
      int fine = 0;
      for (int round = 0; round < 10; round++) {
        char text[16], back[16], expected[16] = {0};
        int length = snprintf(text, sizeof text, "c%d round %d", i, round);
        for (int at = 0; at < length; at++) expected[at] = text[length - 1 - at];
        need(write(socket_, text, length) == length && read(socket_, back, sizeof back) == length);
        fine += memcmp(back, expected, length) == 0;
      }
      _exit(fine);
    }
  }
  pid_t servers[3];
  for (int i = 0; i < 3; i++) {
    int socket_ = accept(listener, 0, 0);
    need(socket_ >= 0);
    servers[i] = fork();
    if (servers[i] == 0) serve(socket_);
    close(socket_);
  }
  for (int i = 0; i < 3; i++) reap("client", clients[i]);
  for (int i = 0; i < 3; i++) reap("server", servers[i]);
  return 0;
}
