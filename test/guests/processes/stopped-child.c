// Job control: a child is stopped and continued by signals of each kind, seen by wait4 with WUNTRACED and WCONTINUED.
#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    char byte;
    while (read(ends[0], &byte, 1) == 1 && byte != 'q')
      ;
    _exit(9);
  }
  need(setpgid(child, child) == 0);
  int status, stops[] = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};
  for (int i = 0; i < 4; i++) {
    need(kill(child, stops[i]) == 0);
    need(waitpid(child, &status, WUNTRACED) == child);
    say("stopped %d by SIG%s\n", WIFSTOPPED(status), sigabbrev_np(WSTOPSIG(status)));
    result("nothing more", waitpid(child, &status, WUNTRACED | WNOHANG));
    need(kill(child, SIGCONT) == 0);
    need(waitpid(child, &status, WCONTINUED) == child);
    say("continued %d\n", WIFCONTINUED(status));
  }
  need(write(ends[1], "q", 1) == 1);
  reap("child", child);
  return 0;
}
