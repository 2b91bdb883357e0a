// SIGPIPE: kills, is handled, is ignored with EPIPE, is not sent with MSG_NOSIGNAL.
#include <sys/socket.h>

#include "../guest.h"

static void onSignal(int number) { say("SIG%s\n", sigabbrev_np(number)); }

int main(void) {
  int ends[2], sockets[2];
  need(pipe(ends) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  close(ends[0]);
  close(sockets[0]);
  pid_t child = fork();
  if (child == 0) {
    if (write(ends[1], "x", 1) == 1) _exit(1);
    _exit(2);
  }
  reap("default", child);
  signal(SIGPIPE, onSignal);
  result("handled", write(ends[1], "x", 1));
  signal(SIGPIPE, SIG_IGN);
  result("ignored", write(ends[1], "x", 1));
  signal(SIGPIPE, SIG_DFL);
  result("MSG_NOSIGNAL", send(sockets[1], "x", 1, MSG_NOSIGNAL));
  return 0;
}
