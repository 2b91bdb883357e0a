// Children that share its memory go through the same code and write to the same variable.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int shared;

__attribute__((noinline)) void both(int who) { shared = who; }

int main(void) {
  for (int round = 1; round <= 3; round++) {
    both(10 * round);
    const pid_t child = vfork();
    if (child == 0) {
      both(10 * round + 1);
      _exit(0);
    }
    waitpid(child, 0, 0);
    both(10 * round + 2);
  }
  printf("%d\n", shared);
  return 0;
}
