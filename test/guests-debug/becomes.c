// Becomes itself anew by exec, twice: each time with one argument less.
#include <stdio.h>
#include <unistd.h>

static int tell(int left) {
  printf("left %d\n", left);
  fflush(stdout);
  return left;  // told
}

int main(int argc, char **argv) {
  if (tell(argc - 1) == 0) return 7;
  argv[argc - 1] = NULL;
  execv("/proc/self/exe", argv);
  return 1;
}
