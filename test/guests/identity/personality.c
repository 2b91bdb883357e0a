// personality: asked and set, inherited over exec.
#include <sys/personality.h>

#include "../guest.h"

int main(int argc, char **argv) {
  long current = syscall(SYS_personality, poisoned(0xffffffff));
  say("personality %lx\n", current);
  if (argc > 1) return 0;
  if (syscall(SYS_personality, poisoned(ADDR_NO_RANDOMIZE)) == -1)
    say("may not be changed\n");
  else
    say("set, now %lx\n", syscall(SYS_personality, poisoned(0xffffffff)) == ADDR_NO_RANDOMIZE ? 1L : 0L);
  execl("/proc/self/exe", "personality", "again", (char *)0);
  return 1;
}
