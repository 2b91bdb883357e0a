// A program that unmaps, protects, advises, moves and maps over the addresses that the recorder uses; buffered calls go
// on working in between.
#include "../buffered-calls.h"

enum { start = 0x6fff0000, length = 0x100000 };

int main(void) {
  someBufferedCalls();
  char *whole = (char *)start;
  for (int i = 0; i < 3; i++) {
    succeeded("munmap", munmap(whole, length));
    someBufferedCalls();
    succeeded("munmap of one page", munmap((char *)0x70000000, pageSize));
    someBufferedCalls();
    succeeded("munmap of code", munmap((char *)0x70002000, pageSize));
    someBufferedCalls();
    mprotect(whole, length, PROT_NONE);
    someBufferedCalls();
    mprotect((char *)0x70002000, 0x6000, PROT_READ);
    mprotect((char *)0x70008000, pageSize, PROT_NONE);
    someBufferedCalls();
    madvise((char *)0x70000000, 0x50000, MADV_DONTNEED);
    someBufferedCalls();
    madvise((char *)0x70008000, pageSize, MADV_WIPEONFORK);
    madvise((char *)0x70002000, pageSize, MADV_DONTFORK);
    const pid_t child = fork();
    if (child == 0) {
      someBufferedCalls();
      _exit(0);
    }
    reap("child", child);
  }
  say("done\n");
  return 0;
}
