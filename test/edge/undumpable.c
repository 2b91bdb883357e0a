// Closes its memory to tracers (PR_SET_DUMPABLE), forks, and lets the child read from a pipe.
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

int main(void) {
  int ends[2];
  printf("dumpable %d\n", dumpable());
  if (pipe(ends) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return 1;
  printf("dumpable %d\n", dumpable());
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    char text[16] = "";
    const ssize_t length = read(ends[0], text, sizeof text - 1);
    printf("child: dumpable %d, read %zd bytes: %s\n", dumpable(), length, text);
    return 0;
  }
  int status;
  if (write(ends[1], "hello", 5) != 5 || waitpid(child, &status, 0) != child || status != 0) return 2;
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return 3;
  printf("dumpable %d\n", dumpable());
  return 0;
}
