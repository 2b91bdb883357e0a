// Where the program's code, stack, mappings and heap are, and those of a program that it executes.
#include "../guest.h"

int main(int argc, char **argv) {
  void *area = mmap(0, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("%scode %p, stack %p, mapping %p, heap %p\n", argc > 1 ? "child: " : "", (void *)main, (void *)argv, area,
      sbrk(0));
  if (argc > 1) return 0;
  pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", argv[0], "child", (char *)0);
    _exit(1);
  }
  int status;
  return waitpid(child, &status, 0) != child || status != 0;
}
