// A function that is called a million times, and another one now and then, without a system call.
#include <stdio.h>

volatile long sum;

__attribute__((noinline)) void touch(long round) { sum += round; }

__attribute__((noinline)) void rare(long round) { sum -= round; }

__attribute__((noinline)) void after(void) { sum++; }

int main(void) {
  for (long round = 1; round <= 1000000; round++) {
    touch(round);
    if (round % 250000 == 0) rare(round);
  }
  after();
  printf("%ld\n", sum);
  return 0;
}
