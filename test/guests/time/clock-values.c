// Prints times as they are: replay must print the recorded ones.
#include <sys/time.h>
#include <time.h>
#include <x86intrin.h>

#include "../guest.h"

int main(void) {
  for (int i = 0; i < 20; i++) {
    struct timespec now;
    clock_gettime(i % 2 ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now);
    struct timeval day;
    gettimeofday(&day, 0);
    say("%ld.%09ld %ld.%06ld %ld %lld\n", now.tv_sec, now.tv_nsec, day.tv_sec, day.tv_usec, time(0), __rdtsc());
  }
  return 0;
}
