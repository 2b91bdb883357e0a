// Two threads that take turns with a mutex and a condition: always one waits while the other runs.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn;

static void take(int me, int round) {
  pthread_mutex_lock(&mutex);
  while (turn != me) pthread_cond_wait(&condition, &mutex);
  say("thread %d round %d\n", me, round);
  turn = !me;
  pthread_cond_broadcast(&condition);
  pthread_mutex_unlock(&mutex);
}

static void *body(void *argument) {
  for (int i = 0; i < 20; i++) take(1, i);
  return 0;
}

int main(void) {
  pthread_t thread;
  need(pthread_create(&thread, 0, body, 0) == 0);
  for (int i = 0; i < 20; i++) take(0, i);
  need(pthread_join(thread, 0) == 0);
  return 0;
}
