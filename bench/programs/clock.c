// clock_gettime N times, through the vdso.
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 1000000;
  struct timespec now;
  long sum = 0;
  for (long i = 0; i < count; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    sum += now.tv_nsec & 1;
  }
  return sum < 0;
}
