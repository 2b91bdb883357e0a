// Works under an RLIMIT_NOFILE that leaves no room for descriptors of anybody else.
#include <sys/resource.h>

#include "../guest.h"

int main(void) {
  struct rlimit limit = {4, 4};
  result("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
  result("open", open("/dev/null", O_RDONLY));
  result("open one too many", open("/dev/null", O_RDONLY));
  result("dup2 above the limit", dup2(0, 200));
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/true", "true", (char *)0);
    _exit(1);
  }
  reap("exec needs a descriptor", child);
  result("close", close(3));
  child = fork();
  if (child == 0) {
    execl("/bin/true", "true", (char *)0);
    _exit(1);
  }
  reap("exec", child);
  void *map = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  succeeded("mmap", map == MAP_FAILED ? -1 : 0);
  return 0;
}
