// Many stores beside the few that are looked for, and many calls.
#include <stdio.h>

static struct {
  char before[4096];
  volatile long kept;
  volatile long neighbour;
  char behind[4096];
} page;

__attribute__((noipa)) static void hit(long value) { page.neighbour = value; }

__attribute__((noipa)) static void finished(void) { page.neighbour = 0; }

int main(void) {
  for (long value = 1; value <= 6000; value++) {
    if (value % 2000 == 7) page.kept = value;  // the store
    hit(value);
  }
  finished();
  printf("%ld\n", page.kept);
  return 0;
}
