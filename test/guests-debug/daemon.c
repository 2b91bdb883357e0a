// A daemon: forks, starts a session, forks again, and works on when the first process has gone.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int duty(int number) {
  int done = number * 3;
  return done;  // on duty
}

int main(void) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      close(ends[0]);
      int result = duty(14);
      if (write(ends[1], &result, sizeof result) != sizeof result) _exit(1);
      _exit(5);
    }
    _exit(0);
  }
  close(ends[1]);
  int result = 0;
  if (read(ends[0], &result, sizeof result) != sizeof result) return 2;
  printf("%d\n", result);
  return 0;
}
