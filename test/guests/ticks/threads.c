// Two threads and a child that compute: each has a count of its own.
// build: -O2 -no-pie -fno-pie -pthread
#include <pthread.h>

#include "counted.h"

static void *compute(void *from) {
  unsigned long sum = (unsigned long)from;
  for (unsigned long i = 0; i < 2000; i++) {
    counted();
    for (unsigned long k = 0; k < 5000; k++) {
      sum = sum * 6364136223846793005UL + (i ^ k);
      __asm__ volatile("" : "+r"(sum));
    }
  }
  return (void *)sum;
}

int main(void) {
  pthread_t threads[2];
  for (unsigned long i = 0; i < 2; i++) need(pthread_create(&threads[i], 0, compute, (void *)i) == 0);
  pid_t child = fork();
  if (child == 0) _exit((unsigned long)compute((void *)7) & 0x7f);
  for (int i = 0; i < 2; i++) {
    void *sum;
    pthread_join(threads[i], &sum);
    say("thread %d: %lx\n", i, (unsigned long)sum);
  }
  reap("child", child);
  return 0;
}
