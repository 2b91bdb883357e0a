// One thread spins until another sets a flag.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static volatile int flag;

static void *body(void *argument unused) {
  usleep(1000);
  flag = 1;
  return 0;
}

int main(void) {
  pthread_t thread;
  unsigned long turns = 0;
  need(pthread_create(&thread, 0, body, 0) == 0);
  while (!flag) turns++;
  pthread_join(thread, 0);
  say("spun %lu\n", turns);
  return 0;
}
