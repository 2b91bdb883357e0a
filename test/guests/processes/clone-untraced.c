// Children made with CLONE_UNTRACED, which a tracer would not get by itself: with memory of their own, and shared.
#include <sched.h>

#include "../guest.h"

static int work(void *argument) {
  say("child of flags %lx\n", (long)argument);
  return 7;
}

int main(void) {
  static const unsigned long flags[] = {CLONE_UNTRACED | SIGCHLD, CLONE_UNTRACED | CLONE_VM | SIGCHLD,
                                        CLONE_UNTRACED | CLONE_VM | CLONE_VFORK | SIGCHLD};
  char *stack = malloc(65536);
  for (int i = 0; i < 3; i++) reap("child", clone(work, stack + 65536, (int)flags[i], (void *)flags[i]));
  unsigned long given = flags[0];
  long made;
  __asm__ volatile("syscall"
                   : "=a"(made), "+D"(given)
                   : "0"((long)SYS_clone), "S"(0L), "d"(0L)
                   : "rcx", "r11", "memory");
  if (made == 0) {
    say("child: flags %lx\n", given);
    _exit(0);
  }
  reap("child", (pid_t)made);
  say("parent: flags %lx\n", given);
  return 0;
}
