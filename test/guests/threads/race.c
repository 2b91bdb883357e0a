// Four threads add to one counter without a lock: the replay must lose the same additions.
// build: -pthread -O0
#include <pthread.h>

#include "../guest.h"

static volatile unsigned long counter;

static void *body(void *argument unused) {
  for (int i = 0; i < 8000000; i++) counter++;
  return 0;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) need(pthread_create(&threads[i], 0, body, 0) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  say("counter %lu\n", counter);
  return 0;
}
