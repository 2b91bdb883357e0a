// Two threads that compute at the same time without a system call, so that they are stopped for their slices.
// build: -pthread
#include <pthread.h>
#include <stdio.h>

enum { kRounds = 60000000 };

static volatile unsigned long sums[2];

static void *work(void *argument) {
  unsigned long index = (unsigned long)argument;
  for (unsigned long round = 0; round < kRounds; round++) sums[index] += round ^ sums[index] >> 3;
  return NULL;
}

int main(void) {
  pthread_t other;
  pthread_create(&other, NULL, work, (void *)1);
  work((void *)0);
  pthread_join(other, NULL);
  printf("%lu %lu\n", sums[0], sums[1]);
  return 0;
}
