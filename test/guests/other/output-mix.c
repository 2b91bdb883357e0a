// Standard output and error in turns, by stdio, write and writev, in pieces: the replay gives each its own bytes.
#include <sys/uio.h>

#include "../guest.h"

int main(void) {
  for (int i = 0; i < 50; i++) {
    printf("stdout line %d\n", i);
    if (i % 5 == 0) fflush(stdout);
    fprintf(stderr, "stderr line %d\n", i);
    struct iovec parts[3] = {{"a", 1}, {"", 0}, {"bc\n", 3}};
    if (i % 10 == 0) need(writev(2, parts, 3) == 4);
  }
  fflush(stdout);
  int copy = dup(1);
  need(write(copy, "through a copy\n", 15) == 15);
  char nul[] = "binary \0 \xff \n";
  need(write(1, nul, sizeof nul - 1) > 0);
  return 0;
}
