// Does a little of everything, again and again: sorts, formats, copies, asks the time, and calls the kernel.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int compare(const void *one, const void *other) { return *(const int *)one - *(const int *)other; }

static unsigned round_(unsigned seed, int out) {
  int numbers[8];
  for (int at = 0; at < 8; at++) {
    seed = seed * 1664525u + 1013904223u;
    numbers[at] = (int)(seed >> 20);
  }
  qsort(numbers, 8, sizeof numbers[0], compare);
  char text[200];
  int length = snprintf(text, sizeof text, "%d %d %.3f\n", numbers[0], numbers[7], numbers[3] / 7.0);
  char copy[200];
  memset(copy, 0, sizeof copy);
  memcpy(copy, text, (size_t)length);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (write(out, copy, (size_t)length) != length) return 0;
  return seed + (now.tv_nsec >= 0);
}

int main(void) {
  int out = open("/dev/null", O_WRONLY);
  unsigned seed = 1;
  for (int round = 0; round < 60; round++) seed = round_(seed, out);
  printf("%u\n", seed);
  return 0;
}
