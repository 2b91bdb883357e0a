// Priority inversion: a low-priority thread holds a priority-inheriting mutex that a high one waits for, while one in
// between computes until both are through.
// build: -pthread
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "../guest.h"

static pthread_mutex_t mutex;
static atomic_int held, waiting, through;

static void *low(void *argument unused) {
  need(setpriority(PRIO_PROCESS, gettid(), 19) == 0);
  pthread_mutex_lock(&mutex);
  atomic_store(&held, 1);
  while (!atomic_load(&waiting)) usleep(100);
  for (volatile int work = 0; work < 100000; work++) {
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}

static void *middle(void *argument unused) {
  need(setpriority(PRIO_PROCESS, gettid(), 10) == 0);
  while (!atomic_load(&held)) usleep(100);
  while (!atomic_load(&through)) {
  }
  return 0;
}

int main(void) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  need(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
  need(pthread_mutex_init(&mutex, &attributes) == 0);
  pthread_t a, b;
  need(pthread_create(&a, 0, low, 0) == 0 && pthread_create(&b, 0, middle, 0) == 0);
  while (!atomic_load(&held)) usleep(100);
  atomic_store(&waiting, 1);
  pthread_mutex_lock(&mutex);
  atomic_store(&through, 1);
  pthread_mutex_unlock(&mutex);
  pthread_join(a, 0);
  pthread_join(b, 0);
  say("through\n");
  return 0;
}
