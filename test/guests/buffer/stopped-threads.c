// build: -pthread
// Threads that make buffered calls, all stopped and continued by another process again and again.
#include <pthread.h>

#include "../buffered-calls.h"

static volatile int end;
static volatile long rounds[4];

static void *work(void *which) {
  while (!end) {
    someBufferedCalls();
    rounds[(long)which]++;
  }
  return 0;
}

static void onChild(int number) { end = 1; }

int main(void) {
  someBufferedCalls();
  signal(SIGCHLD, onChild);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    dieWithParent();
    for (int i = 0; i < 20; i++) {
      kill(parent, SIGSTOP);
      usleep(300 + i * 20);
      kill(parent, SIGCONT);
      usleep(1000);
    }
    _exit(0);
  }
  pthread_t threads[4];
  for (long i = 0; i < 4; i++) need(pthread_create(&threads[i], 0, work, (void *)i) == 0);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
  for (int i = 0; i < 4; i++) say("%ld\n", rounds[i]);
  return 0;
}
