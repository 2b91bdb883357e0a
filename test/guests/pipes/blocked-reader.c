// Parent and child hand a byte to and fro, so that each blocks in turn; then lines through two pipes.
#include "../guest.h"

int main(void) {
  int to[2], from[2];
  need(pipe(to) == 0 && pipe(from) == 0);
  pid_t child = fork();
  if (child == 0) {
    close(to[1]);
    close(from[0]);
    char text[100];
    long size;
    while ((size = read(to[0], text, sizeof text)) > 0) {
      for (long i = 0; i < size; i++) text[i] ^= 0x20;
      need(write(from[1], text, size) == size);
    }
    _exit(0);
  }
  close(to[0]);
  close(from[1]);
  char byte = 'a';
  for (int i = 0; i < 200; i++) {
    need(write(to[1], &byte, 1) == 1);
    char *back = pageEnd(1);
    need(read(from[0], back, 1) == 1);
    byte = (*back ^ 0x20) + (i % 7 == 0);
    munmap(back, pageSize);
  }
  say("after 200 rounds %d\n", byte);
  const char *words[] = {"Alpha", "Beta", "Gamma"};
  for (int i = 0; i < 3; i++) {
    char text[20] = {0};
    need(write(to[1], words[i], strlen(words[i])) > 0);
    result("read", read(from[0], text, sizeof text));
    say("  %s\n", text);
  }
  close(to[1]);
  reap("child", child);
  return 0;
}
