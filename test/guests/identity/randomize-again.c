// Sets ADDR_NO_RANDOMIZE and takes it back: the programs after the first have fixed addresses, those after the second
// have random ones.
#include <sys/personality.h>

#include "../guest.h"

enum { PROGRAMS = 6 };

// Where programs that are executed now have their stack: how many different places.
static int differentStacks(void) {
  uintptr_t places[PROGRAMS];
  int different = 0;
  for (int i = 0; i < PROGRAMS; i++) {
    int ends[2];
    need(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
      dup2(ends[1], 3);
      execl("/proc/self/exe", "randomize-again", "place", (char *)0);
      _exit(1);
    }
    close(ends[1]);
    need(read(ends[0], &places[i], sizeof places[i]) == sizeof places[i]);
    close(ends[0]);
    waitpid(child, 0, 0);
    int known = 0;
    for (int j = 0; j < i; j++) known |= places[j] == places[i];
    different += !known;
  }
  return different;
}

int main(int argc, char **argv) {
  if (argc > 1) {
    const uintptr_t place = (uintptr_t)argv;
    return write(3, &place, sizeof place) != sizeof place;
  }
  if (personality(ADDR_NO_RANDOMIZE) == -1) {
    say("may not be changed\n");
    return 0;
  }
  say("fixed: %d\n", differentStacks());
  personality(0);
  say("random: %d\n", differentStacks() > 1);
  personality(ADDR_NO_RANDOMIZE);
  say("fixed: %d\n", differentStacks());
  return 0;
}
