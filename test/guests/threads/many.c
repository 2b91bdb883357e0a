// A hundred threads created and joined, fifty times, or as often as the argument says.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long counter;

static void *body(void *argument) {
  pthread_mutex_lock(&mutex);
  counter++;
  pthread_mutex_unlock(&mutex);
  return argument;
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 50;
  for (int round = 0; round < rounds; round++) {
    pthread_t threads[100];
    for (intptr_t i = 0; i < 100; i++) need(pthread_create(&threads[i], 0, body, (void *)i) == 0);
    for (intptr_t i = 0; i < 100; i++) {
      void *value;
      need(pthread_join(threads[i], &value) == 0 && value == (void *)i);
    }
  }
  say("counter %lu\n", counter);
  return 0;
}
