// A process forks while another thread of it counts: each child has the memory of one moment, which the replay must
// hit. The memory is large, so that its copying takes longer than a slice.
#include <pthread.h>
#include <time.h>

#include "../guest.h"

// Bytes; in small pages, which take long to copy.
#define MEMORY ((size_t)400 << 20)
#define FORKS 4

static volatile unsigned counter;
static volatile int stop;

static void *count(void *argument) {
  while (!stop) {
    const struct timespec briefly = {0, 50000};
    nanosleep(&briefly, NULL);
    counter++;
  }
  return argument;
}

int main(void) {
  char *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  madvise(memory, MEMORY, MADV_NOHUGEPAGE);
  memset(memory, 1, MEMORY);
  pthread_t thread;
  pthread_create(&thread, NULL, count, NULL);
  for (int i = 0; i < FORKS; i++) {
    const pid_t child = fork();
    if (child == 0) {
      say("child %d sees %u\n", i, counter);
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  stop = 1;
  pthread_join(thread, NULL);
  return 0;
}
