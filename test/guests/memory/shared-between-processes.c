// Memory that two processes write in turn: an anonymous shared mapping, a file's, and read(2) of the latter.
#include "../guest.h"

int main(void) {
  volatile int *counter = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int file = patternFile("file", 2 * pageSize);
  int to[2], from[2];
  need(pipe(to) == 0 && pipe(from) == 0);
  pid_t child = fork();
  char byte = 0;
  if (child == 0) {
    char *map = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    for (int i = 0; i < 10; i++) {
      need(read(to[0], &byte, 1) == 1);
      *counter = *counter * 2 + 1;
      snprintf(map + 100, 40, "round %d", i);
      need(write(from[1], &byte, 1) == 1);
    }
    _exit(0);
  }
  char *map = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  for (int i = 0; i < 10; i++) {
    *counter += 1;
    need(write(to[1], &byte, 1) == 1);
    need(read(from[0], &byte, 1) == 1);
    char text[10] = {0};
    need(pread(file, text, 7, 100) == 7);
    say("%d, mapped %.7s, read %s\n", *counter, map + 100, text);
  }
  reap("child", child);
  need(pwrite(file, "by write", 8, 100) == 8);
  say("%.8s\n", map + 100);
  return 0;
}
