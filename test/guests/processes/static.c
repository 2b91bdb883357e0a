// A static binary that forks, execs another, allocates, and reads the time.
// build: -static
#include <time.h>

#include "../guest.h"

int main(void) {
  say("static\n");
  char *block = malloc(1 << 20);
  memset(block, 's', 1 << 20);
  say("%016lx, time %d\n", hashOf(block, 1 << 20), time(0) > 1000000000);
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/echo", "echo", "dynamic child", (char *)0);
    _exit(1);
  }
  reap("child", child);
  return 11;
}
