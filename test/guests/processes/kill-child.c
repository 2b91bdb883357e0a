// A parent kills children: blocked in a call, computing, stopped, already dead.
#include <sys/prctl.h>

#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  char byte;
  pid_t child = fork();
  if (child == 0) {
    need(write(ends[1], "b", 1) == 1);
    int silent[2];
    need(pipe(silent) == 0);
    _exit(read(silent[0], &byte, 1));
  }
  need(read(ends[0], &byte, 1) == 1);
  result("kill a blocked child", kill(child, SIGKILL));
  reap("blocked", child);
  result("kill it again", kill(child, SIGKILL));

  child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  need(waitpid(child, &status, WUNTRACED) == child);
  say("stopped by SIG%s\n", sigabbrev_np(WSTOPSIG(status)));
  result("kill a stopped child", kill(child, SIGKILL));
  reap("stopped", child);

  child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    _exit(5);
  }
  need(waitpid(child, &status, WUNTRACED) == child);
  result("SIGTERM waits while it is stopped", kill(child, SIGTERM));
  result("  no change yet", waitpid(child, &status, WNOHANG));
  result("  until SIGCONT", kill(child, SIGCONT));
  reap("terminated", child);

  child = fork();
  if (child == 0) {
    dieWithParent();
    need(write(ends[1], "c", 1) == 1);
    for (volatile long i = 0;; i++)
      if (i % 1000000 == 0) getppid();
  }
  need(read(ends[0], &byte, 1) == 1);
  result("kill a computing child", kill(child, SIGTERM));
  reap("computing", child);
  return 0;
}
