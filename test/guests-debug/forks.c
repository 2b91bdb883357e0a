// A process that forks one that goes on in the same program, and one that executes another.
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int inChild(int value) {
  int doubled = value * 2;
  return doubled;  // in the child
}

int main(void) {
  pid_t forked = fork();
  if (forked == 0) _exit(inChild(21));
  int status;
  waitpid(forked, &status, 0);
  pid_t executed = vfork();
  if (executed == 0) {
    execl("/bin/echo", "echo", "from another program", (char *)NULL);
    _exit(127);
  }
  int second;
  waitpid(executed, &second, 0);
  printf("status %d %d\n", WEXITSTATUS(status), WEXITSTATUS(second));  // both are gone
  return 0;
}
