// Computes between two writes: as many rounds as the argument says.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int count, char **arguments) {
  int rounds = atoi(arguments[1]);
  unsigned sum = 7;
  if (write(1, "begin\n", 6) != 6) return 1;
  for (int round = 0; round < rounds; round++) sum = sum * 31 + round;
  if (write(1, "end\n", 4) != 4) return 1;
  return sum & 0x7f;
}
