// Computes for a second or so without a system call, then says the result.
#include <stdio.h>

int main(void) {
  volatile unsigned value = 1;
  for (unsigned long round = 0; round < 300000000UL; round++) value = value * 1664525u + 1013904223u;
  printf("%u\n", value);
  return 0;
}
