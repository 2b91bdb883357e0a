// build: -pthread
// A hundred threads, each with buffered calls, that end together.
#include <pthread.h>

#include "../buffered-calls.h"

static void *work(void *which) {
  char name[32];
  snprintf(name, sizeof name, "file-%ld", (long)which);
  long sum = 0;
  for (int i = 0; i < 1; i++) {
    const int file = open(name, O_RDWR | O_CREAT, 0600);
    need(file >= 0 && pwrite(file, &i, sizeof i, 0) == sizeof i);
    int got = -1;
    need(pread(file, &got, sizeof got, 0) == sizeof got && got == i);
    sum += got;
    close(file);
    someBufferedCalls();
  }
  return (void *)sum;
}

int main(void) {
  someBufferedCalls();
  pthread_t threads[100];
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 32768);
  for (long i = 0; i < 100; i++) need(pthread_create(&threads[i], &attributes, work, (void *)i) == 0);
  long sum = 0;
  for (int i = 0; i < 100; i++) {
    void *each;
    pthread_join(threads[i], &each);
    sum += (long)each;
  }
  say("%ld\n", sum);
  return 0;
}
