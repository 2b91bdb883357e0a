// A tree of some 200 processes, each with buffered calls.
#include "../buffered-calls.h"

static int grow(int depth) {
  someBufferedCalls();
  int count = 1;
  if (depth == 0) return count;
  int ends[2];
  need(pipe(ends) == 0);
  for (int i = 0; i < 5; i++) {
    const pid_t child = i % 2 ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    need(child >= 0);
    if (child == 0) {
      const int below = grow(depth - 1);
      need(write(ends[1], &below, sizeof below) == sizeof below);
      _exit(0);
    }
  }
  for (int i = 0; i < 5; i++) {
    int below;
    need(read(ends[0], &below, sizeof below) == sizeof below);
    count += below;
  }
  while (wait(0) > 0) someBufferedCalls();
  close(ends[0]);
  close(ends[1]);
  return count;
}

int main(void) {
  say("%d processes\n", grow(3));
  return 0;
}
