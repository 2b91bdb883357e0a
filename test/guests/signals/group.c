// kill of a whole process group, and of everything one may: each member tells by its exit status.
#include "../guest.h"

static void onSignal(int number) { _exit(number); }

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  pid_t leader = 0, members[3];
  for (int i = 0; i < 3; i++) {
    members[i] = fork();
    if (members[i] == 0) {
      dieWithParent();
      signal(SIGUSR1, onSignal);
      need(setpgid(0, leader) == 0);
      need(write(ends[1], "r", 1) == 1);
      for (;;) pause();
    }
    if (leader == 0) leader = members[i];
    char byte;
    need(read(ends[0], &byte, 1) == 1);
  }
  result("kill the group", kill(-leader, SIGUSR1));
  for (int i = 0; i < 3; i++) reap("member", members[i]);
  result("kill the empty group", kill(-leader, SIGUSR1));
  return 0;
}
