// build: -pthread
// Threads that block in reads from pipes into memory which the main thread looks at all the while.
#include <pthread.h>

#include "../buffered-calls.h"

enum { count = 4, rounds = 8 };

static int pipes[count][2];
static volatile char bytes[count][64];
static volatile int done;

static int lengthOf(int round, long which) { return 1 + (round * 7 + (int)which) % 60; }

static void *work(void *argument) {
  const long which = (long)argument;
  long left = 0;
  for (int i = 0; i < rounds; i++) left += lengthOf(i, which);
  while (left > 0) {
    const ssize_t got = read(pipes[which][0], (void *)bytes[which], sizeof bytes[which]);
    need(got > 0);
    left -= got;
    someBufferedCalls();
  }
  __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
  // To where nothing can be written.
  result("read", read(pipes[which][0], badAddress(), 1));
  result("read-only", read(pipes[which][0], (void *)"constant", 1));
  return 0;
}

int main(void) {
  pthread_t threads[count];
  for (long i = 0; i < count; i++) {
    need(pipe(pipes[i]) == 0);
    need(pthread_create(&threads[i], 0, work, (void *)i) == 0);
  }
  unsigned long seen = 0;
  for (int i = 0; i < rounds; i++) {
    for (int j = 0; j < count; j++) {
      char text[64];
      memset(text, 'a' + i, sizeof text);
      const int length = lengthOf(i, j);
      need(write(pipes[j][1], text, length) == length);
    }
    for (int k = 0; k < 500; k++) {
      for (int j = 0; j < count; j++) seen = seen * 31 + bytes[j][k % 64];
    }
    usleep(300);
  }
  while (done < count) usleep(300);
  for (int j = 0; j < count; j++) need(write(pipes[j][1], "more", 4) == 4);
  for (int i = 0; i < count; i++) pthread_join(threads[i], 0);
  dprintf(2, "%lx\n", seen);
  return 0;
}
