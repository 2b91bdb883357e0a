// A hundred megabytes through a pipe, in pieces of all sizes, hashed at the other end.
#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  enum { total = 100 << 20, piece = 1 << 20 };
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    char *block = malloc(piece);
    for (int i = 0; i < piece; i++) block[i] = i * 2654435761u >> 24;
    for (long left = total; left > 0;) {
      long size = write(ends[1], block, left < piece ? left : piece);
      need(size > 0);
      left -= size;
    }
    _exit(0);
  }
  close(ends[1]);
  char *block = malloc(piece);
  uint64_t sum = 0;
  long got = 0, size;
  while ((size = read(ends[0], block, piece)) > 0) {
    for (long i = (64 - got % 64) % 64; i < size; i += 64) sum = sum * 31 + (unsigned char)block[i];
    got += size;
  }
  say("%ld bytes, %016lx\n", got, sum);
  reap("child", child);
  return 0;
}
