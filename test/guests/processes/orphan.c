// A grandchild outlives its parent: it is given to another, which a subreaper can be.
#include <sys/prctl.h>

#include "../guest.h"

int main(void) {
  int ends[2], go[2];
  need(pipe(ends) == 0 && pipe(go) == 0);
  result("PR_SET_CHILD_SUBREAPER", prctl(PR_SET_CHILD_SUBREAPER, 1));
  pid_t me = getpid();
  pid_t child = fork();
  if (child == 0) {
    pid_t middle = getpid();
    if (fork() == 0) {
      char byte;
      need(read(go[0], &byte, 1) == 1);
      say("orphan: parent was the middle %d, is the subreaper %d\n", getppid() == middle, getppid() == me);
      _exit(21);
    }
    _exit(20);
  }
  reap("middle", child);
  need(write(go[1], "x", 1) == 1);
  int status;
  pid_t orphan = wait(&status);
  say("orphan reaped: %d with %d\n", orphan > 0 && orphan != child, WEXITSTATUS(status));
  return 0;
}
