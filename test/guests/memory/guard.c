// Guard pages inside a mapping (MADV_GUARD_INSTALL, Linux 6.13): they fault, in a forked child too, until they are
// removed.
#include <setjmp.h>

#include "../guest.h"

enum { guardInstall = 102, guardRemove = 103 };

static sigjmp_buf back;

static void onFault(int number) { siglongjmp(back, 1); }

static void touch(const char *what, volatile char *at) {
  if (sigsetjmp(back, 1)) {
    say("%s: faults\n", what);
  } else {
    say("%s: %d\n", what, *at);
  }
}

int main(void) {
  signal(SIGSEGV, onFault);
  char *memory = mmap(0, 3 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(memory, 7, 3 * pageSize);
  int has = madvise(memory + pageSize, pageSize, guardInstall) == 0;
  say("guards: %d\n", has);
  touch("before", memory);
  touch("guard", memory + pageSize);
  pid_t child = fork();
  if (child == 0) {
    touch("in the child", memory + pageSize);
    _exit(0);
  }
  reap("child", child);
  madvise(memory + pageSize, pageSize, guardRemove);
  touch("removed", memory + pageSize);
  return 0;
}
