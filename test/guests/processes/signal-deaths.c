// A child dies by each of the 31 signals, sent by itself; the parent tells how.
#include "../guest.h"

int main(void) {
  for (int number = 1; number < 32; number++) {
    if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU) continue;
    pid_t child = fork();
    if (child == 0) {
      kill(getpid(), number);
      _exit(0);
    }
    int status;
    need(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status))
      say("SIG%s kills\n", sigabbrev_np(WTERMSIG(status)));
    else
      say("SIG%s: exited with %d\n", sigabbrev_np(number), WEXITSTATUS(status));
  }
  return 0;
}
