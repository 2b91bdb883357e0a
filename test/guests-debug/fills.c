// Reads some megabytes that cannot be compressed, a piece at a time.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static unsigned char piece[100000];

static int eat(int round) {
  int sum = round;
  for (unsigned at = 0; at < sizeof piece; at++) sum += piece[at];
  return sum;
}

int main(void) {
  int file = open("/dev/urandom", O_RDONLY);
  int sum = 0;
  for (int round = 0; round < 40; round++) {
    if (read(file, piece, sizeof piece) != sizeof piece) return 1;
    sum += eat(round);
  }
  printf("%d\n", sum != 0);
  return 0;
}
