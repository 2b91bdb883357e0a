// Every way to end with a code: return, exit with handlers, _exit, exit_group with more bits than fit.
#include "../guest.h"

static void onExit(void) { say("exit handler\n"); }

int main(void) {
  for (int i = 0; i < 6; i++) {
    pid_t child = fork();
    if (child == 0) {
      if (i == 0) exit(0);
      if (i == 1) atexit(onExit), exit(255);
      if (i == 2) _exit(256 + 3);
      if (i == 3) syscall(SYS_exit, poisoned(44));
      if (i == 4) syscall(SYS_exit_group, poisoned(-1));
      abort();
    }
    reap("child", child);
  }
  return 66;
}
