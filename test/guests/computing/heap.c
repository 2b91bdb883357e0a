// Progress in a word of the heap that no register and no word of the stack points at: it is reached by an offset.
// build: -O2
#include "../guest.h"

static unsigned char *volatile base;

__attribute__((noinline)) static int count(void) {
  unsigned long *at = (unsigned long *)(base + (1 << 20));
  return ++*at < 20000000;
}

int main(void) {
  base = malloc(2 << 20);
  memset(base, 0, 2 << 20);
  while (count()) {
  }
  say("%lu\n", *(unsigned long *)(base + (1 << 20)));
  return 0;
}
