// Reader-writer lock, condition variable and barrier, with threads that compute while they hold them.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

enum { threadCount = 4, rounds = 60 };

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static volatile unsigned long value;
static int tickets, served, torn;

static void *body(void *argument) {
  const int me = (int)(intptr_t)argument;
  for (int round = 0; round < rounds; round++) {
    const int serial = pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
    if (round % threadCount == me) {
      pthread_rwlock_wrlock(&lock);
      for (int i = 0; i < 300000; i++) value++;
      pthread_rwlock_unlock(&lock);
    } else {
      pthread_rwlock_rdlock(&lock);
      const unsigned long before = value;
      for (volatile int i = 0; i < 100000; i++) continue;
      torn += value != before;
      pthread_rwlock_unlock(&lock);
    }
    pthread_mutex_lock(&mutex);
    if (serial) {
      tickets += threadCount;
      pthread_cond_broadcast(&condition);
    }
    while (tickets == 0) pthread_cond_wait(&condition, &mutex);
    tickets--;
    served++;
    pthread_mutex_unlock(&mutex);
  }
  return 0;
}

int main(void) {
  pthread_t threads[threadCount];
  pthread_barrier_init(&barrier, 0, threadCount);
  for (intptr_t i = 0; i < threadCount; i++) need(pthread_create(&threads[i], 0, body, (void *)i) == 0);
  for (int i = 0; i < threadCount; i++) pthread_join(threads[i], 0);
  say("value %lu, served %d, torn %d\n", value, served, torn);
  return 0;
}
