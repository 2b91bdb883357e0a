// Under an RLIMIT_AS that leaves little, programs still start and allocate as far as they may.
#include <sys/resource.h>

#include "../guest.h"

int main(void) {
  struct rlimit limit = {64 << 20, 64 << 20};
  result("setrlimit", setrlimit(RLIMIT_AS, &limit));
  void *big = mmap(0, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  succeeded("128 MiB", big == MAP_FAILED ? -1 : 0);
  void *small = mmap(0, 8 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  succeeded("8 MiB", small == MAP_FAILED ? -1 : 0);
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/echo", "echo", "started", (char *)0);
    _exit(1);
  }
  reap("child", child);
  return 0;
}
