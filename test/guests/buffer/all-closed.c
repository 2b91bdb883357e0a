// All descriptors closed, in every way, and the process made undumpable: buffered calls go on.
#include <sys/resource.h>

#include "../buffered-calls.h"

int main(void) {
  someBufferedCalls();
  need(prctl(PR_SET_DUMPABLE, 0) == 0);
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 5; i++) getppid();
    syscall(SYS_close_range, 0L, ~0L, 0L);
    for (int i = 0; i < 5; i++) {
      char byte;
      if (read(0, &byte, 1) != -1 || errno != EBADF || getppid() <= 0) _exit(1);
    }
    for (int i = 0; i < 1100; i++) close(i);
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_NOFILE, &none);
    _exit(open("/dev/null", O_RDONLY) == -1 && errno == EMFILE ? 12 : 13);
  }
  reap("child", child);
  need(prctl(PR_SET_DUMPABLE, 1) == 0);
  return 0;
}
