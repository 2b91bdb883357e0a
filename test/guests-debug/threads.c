// Threads with a thread-local variable and errno of their own, which meet at a barrier and fill an array.
// build: -pthread
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { kMost = 100 };

static __thread int own;
static int results[kMost];
static int count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

static void *work(void *argument) {
  int index = (int)(long)argument;
  char name[16];
  snprintf(name, sizeof name, "worker-%d", index);
  prctl(PR_SET_NAME, name);
  own = 1000 + index;
  errno = index;
  pthread_barrier_wait(&barrier);
  pthread_mutex_lock(&lock);
  results[index] = own;  // all are here
  pthread_mutex_unlock(&lock);
  return NULL;
}

int main(int argc, char **argv) {
  count = argc > 1 ? atoi(argv[1]) : 4;
  pthread_t threads[kMost];
  pthread_barrier_init(&barrier, NULL, (unsigned)count);
  for (int index = 0; index < count; index++) {
    pthread_create(&threads[index], NULL, work, (void *)(long)index);
  }
  int sum = 0;
  for (int index = 0; index < count; index++) {
    pthread_join(threads[index], NULL);
    sum += results[index];
  }
  printf("sum %d\n", sum);
  return 0;
}
