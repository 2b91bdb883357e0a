// Three children of different niceness, told to go at once, each with the same computation: prints in which order they
// come to its end. The best are made last.
#include <sys/resource.h>

#include "../guest.h"

int main(void) {
  int go[2], order[2];
  need(pipe(go) == 0 && pipe(order) == 0);
  for (int nice = 18; nice >= 0; nice -= 9) {
    pid_t child = fork();
    need(child >= 0);
    if (child > 0) continue;
    need(setpriority(PRIO_PROCESS, 0, nice) == 0);
    char byte;
    close(go[1]);
    read(go[0], &byte, 1);
    for (int i = 0; i < 200; i++) {
      getppid();
      for (volatile int work = 0; work < 100000; work++) {
      }
    }
    need(write(order[1], &nice, sizeof nice) == sizeof nice);
    _exit(0);
  }
  usleep(20000);  // they are all there
  close(go[0]);
  close(go[1]);
  for (int i = 0; i < 3; i++) {
    int nice;
    need(read(order[0], &nice, sizeof nice) == sizeof nice);
    say("nice %d\n", nice);
  }
  while (wait(0) > 0) {
  }
  return 0;
}
