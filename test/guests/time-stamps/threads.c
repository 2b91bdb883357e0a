// Threads that read the counter, and compute, side by side; a child that reads it on; and one that shares memory.
#include <pthread.h>
#include <sched.h>

#include "counter.h"

static _Atomic uint64_t latest;
static _Atomic int backward;

// Of what all have read, each takes the latest before its own reading.
static void readOn(int times) {
  unsigned processor;
  for (int i = 0; i < times; i++) {
    const uint64_t before = latest;
    _mm_lfence();  // rdtsc waits for nothing before it
    const uint64_t now = i % 3 == 0 ? readHotAux(&processor) : readHot();
    backward += now <= before;
    latest = now;
  }
}

static void *work(void *unusedArgument) {
  for (int round = 0; round < 10; round++) {
    readOn(1000);
    if (round % 5 == 4) sched_yield();
  }
  return 0;
}

int main(void) {
  makeHot();
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) need(pthread_create(&threads[i], 0, work, 0) == 0);
  work(0);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  say("threads: %d backward\n", backward);
  const pid_t child = fork();
  readOn(1000);
  if (child == 0) {
    say("child: %d backward\n", backward);
    _exit(latest % 7);
  }
  say("child: %d\n", waitpid(child, 0, 0) == child);
  const pid_t sharing = vfork();
  if (sharing == 0) {
    readOn(1000);
    _exit(0);
  }
  readOn(1000);
  say("in the end: %d backward\n", backward);
  return 0;
}
