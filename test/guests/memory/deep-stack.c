// A stack that grows by megabytes, with a system call at its deepest, and ends in an overflow in a child.
// build: -O0
#include "../guest.h"

static int depth(int levels) {
  volatile char local[4000];
  local[0] = levels;
  local[3999] = levels >> 1;
  if (levels == 0) {
    say("at the bottom\n");
    return 0;
  }
  return depth(levels - 1) + (local[0] == (char)levels) + (local[3999] == (char)(levels >> 1));
}

#pragma GCC diagnostic ignored "-Winfinite-recursion"
static int endless(int n) {
  volatile char local[10000];
  local[n % 10000] = n;
  return endless(n + 1) + local[0];
}

int main(void) {
  say("%d\n", depth(1500));
  pid_t child = fork();
  if (child == 0) _exit(endless(0));
  reap("overflow", child);
  return 0;
}
