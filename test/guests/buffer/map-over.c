// A program that maps memory of its own where the recorder's is: it may be refused, but nothing breaks.
#include "../buffered-calls.h"

int main(void) {
  someBufferedCalls();
  for (int i = 0; i < 3; i++) {
    mmap((void *)0x70000000, 0x50000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    someBufferedCalls();
    mmap((void *)0x70003000, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
         0);
    someBufferedCalls();
    char *mine = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mremap(mine, pageSize, pageSize, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x70008000);
    someBufferedCalls();
    mremap((void *)0x70008000, pageSize, 2 * pageSize, MREMAP_MAYMOVE);
    someBufferedCalls();
  }
  say("done\n");
  return 0;
}
