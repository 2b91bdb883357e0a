// flock between two descriptions of one file, and its inheritance by fork.
#include <sys/file.h>

#include "../guest.h"

int main(void) {
  int one = patternFile("file", 10), two = open("file", O_RDONLY);
  result("exclusive", syscall(SYS_flock, poisoned(one), poisoned(LOCK_EX)));
  result("second, not blocking", syscall(SYS_flock, poisoned(two), poisoned(LOCK_SH | LOCK_NB)));
  result("to shared", syscall(SYS_flock, poisoned(one), poisoned(LOCK_SH)));
  result("second shared", syscall(SYS_flock, poisoned(two), poisoned(LOCK_SH | LOCK_NB)));
  result("unlock", syscall(SYS_flock, poisoned(one), poisoned(LOCK_UN)));
  result("second exclusive", syscall(SYS_flock, poisoned(two), poisoned(LOCK_EX | LOCK_NB)));
  pid_t child = fork();
  if (child == 0) {
    result("child unlocks what it inherited", syscall(SYS_flock, poisoned(two), poisoned(LOCK_UN)));
    _exit(0);
  }
  reap("child", child);
  result("first exclusive", syscall(SYS_flock, poisoned(one), poisoned(LOCK_EX | LOCK_NB)));
  result("unknown", syscall(SYS_flock, poisoned(one), poisoned(77)));
  result("bad descriptor", syscall(SYS_flock, poisoned(99), poisoned(LOCK_EX)));
  return 0;
}
