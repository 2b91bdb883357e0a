// The heap of a program whose system calls stand in its own text grows as far as it likes, from its end on.
// build: -static -no-pie -O1
#include "../guest.h"

enum { STEPS = 48, STEP = 1 << 20 };

int main(void) {
  char *before = sbrk(0);
  // Calls that are worth a jump, before there is a heap.
  for (int i = 0; i < 100; i++) syscall(SYS_getppid);
  int grown = 0;
  for (int i = 0; i < STEPS; i++) {
    char *part = sbrk(STEP);
    if (part == (char *)-1) break;
    part[0] = part[STEP - 1] = 1;
    grown++;
    for (int j = 0; j < 10; j++) getppid();
  }
  say("grown by %d MiB of %d, without a gap %d\n", grown, STEPS, (char *)sbrk(0) - before == (ptrdiff_t)grown * STEP);
  return 0;
}
