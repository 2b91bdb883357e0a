// Two threads that compute at the same time without a system call, so that they are stopped for their slices.
// Argument: how many rounds, else 60 million.
// build: -pthread
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long rounds = 60000000;

static volatile unsigned long sums[2];

static void *work(void *argument) {
  unsigned long index = (unsigned long)argument;
  const unsigned long last = rounds;
  for (unsigned long round = 0; round < last; round++) sums[index] += round ^ sums[index] >> 3;
  return NULL;
}

__attribute__((noinline)) void over(void) { __asm__ volatile(""); }

int main(int argc, char **argv) {
  if (argc > 1) rounds = strtoul(argv[1], NULL, 10);
  pthread_t other;
  pthread_create(&other, NULL, work, (void *)1);
  work((void *)0);
  pthread_join(other, NULL);
  over();
  printf("%lu %lu\n", sums[0], sums[1]);
  return 0;
}
