// Execs itself twenty times in one process, then ends.
#include "../guest.h"

int main(int argc, char **argv) {
  int round = argc > 1 ? atoi(argv[1]) : 0;
  if (round == 20) return 20;
  say("round %d\n", round);
  char next[12];
  snprintf(next, sizeof next, "%d", round + 1);
  execl("/proc/self/exe", "exec-many", next, (char *)0);
  return 1;
}
