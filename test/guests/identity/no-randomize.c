// Execs itself without address randomisation: the addresses are those of every such run.
#include <sys/personality.h>

#include "../guest.h"

int main(int argc, char **argv) {
  if (argc == 1) {
    if (personality(ADDR_NO_RANDOMIZE) == -1) {
      say("may not be changed\n");
      return 0;
    }
    execl("/proc/self/exe", "no-randomize", "again", (char *)0);
    return 1;
  }
  void *area = mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("code %p, stack is high %d, mapping %d\n", (void *)main, (uintptr_t)&argc > 0x7ffffff00000, area != MAP_FAILED);
  return 0;
}
