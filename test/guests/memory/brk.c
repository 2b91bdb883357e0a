// brk up, down, by parts of pages, and too far.
#include "../guest.h"

static char *brkTo(void *to) { return (char *)syscall(SYS_brk, to); }

int main(void) {
  char *start = brkTo(0);
  say("up: %ld\n", (long)(brkTo(start + 10000) - start));
  memset(start, 'b', 10000);
  say("up by a part of a page: %ld\n", (long)(brkTo(start + 10100) - start));
  say("new bytes %d\n", start[10050]);
  say("down: %ld\n", (long)(brkTo(start + 5000) - start));
  say("kept %c\n", start[4999]);
  say("up again: %ld\n", (long)(brkTo(start + 20000) - start));
  say("in the page that was cut %c, in the pages that were dropped %d\n", start[5500], start[9000]);
  say("too far changes nothing: %d\n", brkTo((void *)(1UL << 46)) == start + 20000);
  say("below the start changes nothing: %d\n", brkTo(start - 1000000) == start + 20000);
  say("back: %ld\n", (long)(brkTo(start) - start));
  pid_t child = fork();
  if (child == 0) {
    char *mine = brkTo(start + 8192);
    start[8000] = 'c';
    _exit(mine == start + 8192 && start[8000] == 'c' ? 0 : 1);
  }
  reap("child", child);
  say("the parent's is as it was: %d\n", brkTo(0) == start);
  for (int i = 1; i <= 200; i++) {
    char *block = malloc(i * 1000);
    memset(block, i, i * 1000);
    if (i % 3) free(block);
  }
  say("malloc works\n");
  return 0;
}
