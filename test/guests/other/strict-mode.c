// The strict mode of seccomp: four calls are left, any other kills.
#include <linux/seccomp.h>

#include "../guest.h"

static void inStrictMode(const char *what, long call) {
  pid_t child = fork();
  if (child == 0) {
    result("PR_GET_SECCOMP", prctl(PR_GET_SECCOMP));
    result("PR_SET_SECCOMP", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
    say("may write\n");
    syscall(call, 3L);
    syscall(SYS_exit, 4L);
  }
  reap(what, child);
}

int main(void) {
  inStrictMode("exit", SYS_exit);
  inStrictMode("getpid", SYS_getpid);
  inStrictMode("exit_group", SYS_exit_group);
  result("with flags", syscall(SYS_seccomp, poisoned(SECCOMP_SET_MODE_STRICT), 1L, 0L));
  return 0;
}
