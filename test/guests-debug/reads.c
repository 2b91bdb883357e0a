// Reads a file into a global, often enough for the calls to be buffered, and fails once.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

char data[8];
int failure;

static void take(int file, int round) {
  lseek(file, round, SEEK_SET);
  read(file, data, 4);
}

int main(int argc, char **argv) {
  int file = open(argv[0], O_RDONLY);
  for (int round = 0; round < 50; round++) take(file, round);
  close(file);
  if (read(file, data, 4) < 0) failure = errno;
  printf("%02x failure %d\n", (unsigned char)data[0], failure);  // the end
  return 0;
}
