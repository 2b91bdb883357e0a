// Threads on a mutex with priority inheritance, plain and recursive: the kernel itself hands it from owner to owner and
// writes its word.
// build: -pthread
#include <pthread.h>
#include <time.h>

#include "../guest.h"

static pthread_mutex_t mutex, recursive;
static unsigned long counter, deep;
static int rounds = 1000;  // or what the argument says

static void *body(void *argument unused) {
  for (int i = 0; i < rounds; i++) {
    pthread_mutex_lock(&mutex);
    counter++;
    if (i % 100 == 0) sched_yield();  // with the lock held: others must wait in the kernel
    pthread_mutex_unlock(&mutex);
  }
  for (int i = 0; i < rounds / 20; i++) {
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += 100;
    need(pthread_mutex_timedlock(&recursive, &limit) == 0);
    need(pthread_mutex_lock(&recursive) == 0);
    deep++;
    if (i % 10 == 0) usleep(100);
    pthread_mutex_unlock(&recursive);
    pthread_mutex_unlock(&recursive);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1) rounds = atoi(argv[1]);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  need(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
  need(pthread_mutex_init(&mutex, &attributes) == 0);
  need(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE) == 0);
  need(pthread_mutex_init(&recursive, &attributes) == 0);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) need(pthread_create(&threads[i], 0, body, 0) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  say("counter %lu, deep %lu\n", counter, deep);
  return 0;
}
