// Threads on one mutex, a condition variable, a reader-writer lock and a barrier.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static unsigned long counter, written;
static int arrived;

static void *body(void *argument unused) {
  for (int i = 0; i < 20000; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    pthread_mutex_unlock(&mutex);
  }
  pthread_barrier_wait(&barrier);
  for (int i = 0; i < 2000; i++) {
    if (i % 10 == 0) {
      pthread_rwlock_wrlock(&lock);
      written++;
    } else {
      pthread_rwlock_rdlock(&lock);
    }
    pthread_rwlock_unlock(&lock);
  }
  pthread_mutex_lock(&mutex);
  arrived++;
  pthread_cond_signal(&condition);
  pthread_mutex_unlock(&mutex);
  return 0;
}

int main(void) {
  pthread_t threads[4];
  pthread_barrier_init(&barrier, 0, 4);
  for (int i = 0; i < 4; i++) need(pthread_create(&threads[i], 0, body, 0) == 0);
  pthread_mutex_lock(&mutex);
  while (arrived < 4) pthread_cond_wait(&condition, &mutex);
  pthread_mutex_unlock(&mutex);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  say("counter %lu, written %lu\n", counter, written);
  return 0;
}
