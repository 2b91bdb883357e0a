// What a shell does for a pipeline: three programs, two pipes, closed ends, statuses.
#include "../guest.h"

static pid_t start(int in, int out, int *toClose, char **arguments) {
  pid_t child = fork();
  if (child == 0) {
    if (in >= 0) dup2(in, 0);
    if (out >= 0) dup2(out, 1);
    for (int i = 0; i < 4; i++) close(toClose[i]);
    execv(arguments[0], arguments);
    _exit(127);
  }
  return child;
}

int main(void) {
  int pipes[4];
  need(pipe(pipes) == 0 && pipe(pipes + 2) == 0);
  char *first[] = {"/bin/sh", "-c", "for i in 5 3 9 1 7; do echo line $i; done", 0};
  char *second[] = {"/usr/bin/sort", 0};
  char *third[] = {"/bin/cat", "-n", 0};
  pid_t a = start(-1, pipes[1], pipes, first);
  pid_t b = start(pipes[0], pipes[3], pipes, second);
  pid_t c = start(pipes[2], -1, pipes, third);
  for (int i = 0; i < 4; i++) close(pipes[i]);
  reap("third", c);
  reap("second", b);
  reap("first", a);
  return 0;
}
