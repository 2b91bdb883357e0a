// Calls that a signal interrupts: with SA_RESTART they go on, without they fail; some never restart.
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "../guest.h"

static volatile int handled;
static int wakeUp;

// The second signal feeds what the call waits for.
static void onSignal(int number) {
  if (++handled == 2) need(write(wakeUp, "x", 1) == 1);
}

static pid_t signals(void) {
  pid_t child = fork();
  if (child == 0) dieWithParent();
  while (child == 0) {
    struct timespec wait = {0, 20000000};
    nanosleep(&wait, 0);
    kill(getppid(), SIGUSR1);
  }
  return child;
}

static long call(int kind, int *ends) {
  char byte;
  struct pollfd wait = {ends[0], POLLIN, 0};
  switch (kind) {
    case 0:
      return read(ends[0], &byte, 1);
    case 1:
      return poll(&wait, 1, 5000);
    case 2:
      return recv(ends[0], &byte, 1, 0);
    default:
      return pause();
  }
}

int main(void) {
  const char *names[] = {"read", "poll", "recv", "pause"};
  for (int restart = 0; restart < 2; restart++)
    for (int kind = 0; kind < 4; kind++) {
      struct sigaction action = {.sa_handler = onSignal, .sa_flags = restart ? SA_RESTART : 0};
      int ends[2];
      need((kind == 2 ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends) : pipe(ends)) == 0);
      wakeUp = ends[1];
      handled = 0;
      sigaction(SIGUSR1, &action, 0);
      pid_t child = signals();
      errno = 0;
      long value = call(kind, ends);
      int error = errno, after = handled;
      kill(child, SIGKILL);
      signal(SIGUSR1, SIG_IGN);
      while (waitpid(child, 0, 0) == -1 && errno == EINTR)
        ;
      say("%s %s: %ld %s, at least %d handled\n", names[kind], restart ? "SA_RESTART" : "no restart", value,
          value < 0 ? strerrorname_np(error) : "", after >= 2 ? 2 : after >= 1);
    }
  return 0;
}
