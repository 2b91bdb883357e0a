// Computes without end; prints a line every 50 ms of its own time (`ticking`), or prints three lines and waits without
// end (`ticking idle`).
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static long milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
  if (argc > 1) {
    printf("1\n2\n3\n");
    fflush(stdout);
    for (;;) pause();
  }
  long next = milliseconds();
  for (long line = 1;; line++) {
    printf("%ld\n", line);
    fflush(stdout);
    next += 50;
    // Far between two system calls, as programs are that compute.
    do {
      for (volatile long i = 0; i < 2000000; i++) {
      }
    } while (milliseconds() < next);
  }
}
