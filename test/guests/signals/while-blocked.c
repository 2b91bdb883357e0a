// A child blocked in each of several calls gets a signal with a handler: what the call returned, told by the child.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>

#include "../guest.h"

static void onSignal(int number) {}

static long block(int kind, int descriptor) {
  char byte;
  struct pollfd wait = {descriptor, POLLIN, 0};
  struct epoll_event event = {EPOLLIN, {0}};
  int queue;
  fd_set set;
  switch (kind) {
    case 0:
      return read(descriptor, &byte, 1);
    case 1:
      return poll(&wait, 1, -1);
    case 2:
      queue = epoll_create1(0);
      epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event);
      return epoll_wait(queue, &event, 1, -1);
    case 3:
      FD_ZERO(&set);
      FD_SET(descriptor, &set);
      return select(descriptor + 1, &set, 0, 0, 0);
    default:
      return pause();
  }
}

int main(void) {
  const char *names[] = {"read", "poll", "epoll_wait", "select", "pause"};
  for (int kind = 0; kind < 5; kind++) {
    int ends[2], back[2];
    need(pipe(ends) == 0 && pipe(back) == 0);
    pid_t child = fork();
    if (child == 0) {
      dieWithParent();
      struct sigaction action = {.sa_handler = onSignal};
      sigaction(SIGUSR1, &action, 0);
      need(write(back[1], "r", 1) == 1);
      result(names[kind], block(kind, ends[0]));
      _exit(0);
    }
    char byte;
    need(read(back[0], &byte, 1) == 1);
    // Until it has met the call.
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
      kill(child, SIGUSR1);
      usleep(3000);
    }
    say("ended with %d\n", WEXITSTATUS(status));
  }
  return 0;
}
