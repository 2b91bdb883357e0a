// Kills itself with the signal that its argument names, and prints how it went on when the signal does not kill. The
// four that stop are sent to itself by a child in its own process group: only such a group stops.
#include "../guest.h"

static void stop(int number) {
  pid_t child = fork();
  if (child == 0) {
    need(setpgid(0, 0) == 0);
    kill(getpid(), number);
    say("woken\n");
    _exit(0);
  }
  int status;
  need(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
  say("stopped by SIG%s\n", sigabbrev_np(WSTOPSIG(status)));
  need(kill(child, SIGCONT) == 0);
  reap("child", child);
}

int main(int argc, char **argv) {
  int number = argc > 1 ? atoi(argv[1]) : SIGTERM;
  say("sending %d\n", number);
  if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
    stop(number);
  else
    kill(getpid(), number);
  say("alive after %d\n", number);
  return 0;
}
