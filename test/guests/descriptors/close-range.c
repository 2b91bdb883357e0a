// close_range: closes, marks, unshares; the program's other descriptors stay as they are.
#include "../guest.h"

static void openOnes(const char *when) {
  say("%s:", when);
  for (int i = 0; i < 40; i++) {
    int flags = fcntl(i, F_GETFD);
    if (flags >= 0) say(" %d%s", i, flags & FD_CLOEXEC ? "c" : "");
  }
  say("\n");
}

int main(void) {
  for (int i = 10; i < 30; i++) need(dup2(0, i) == i);
  openOnes("before");
  result("close some", syscall(SYS_close_range, poisoned(12), poisoned(15), poisoned(0)));
  openOnes("after");
  result("mark", syscall(SYS_close_range, poisoned(20), poisoned(25), poisoned(4)));
  openOnes("after");
  result("to the end", syscall(SYS_close_range, poisoned(22), poisoned(~0U), poisoned(0)));
  openOnes("after");
  result("wrong order", syscall(SYS_close_range, poisoned(9), poisoned(8), poisoned(0)));
  result("unknown flag", syscall(SYS_close_range, poisoned(3), poisoned(9), poisoned(64)));
  result("unshare", syscall(SYS_close_range, poisoned(3), poisoned(~0U), poisoned(2)));
  openOnes("after");
  return 0;
}
