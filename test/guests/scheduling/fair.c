// Arguments: KIND (threads or processes) COUNT TURNS. All count their turns, each a system call and a little work; the
// first that has made TURNS of them ends it all. Prints how many turns the poorest and the richest have made.
// build: -pthread
#include <pthread.h>
#include <stdatomic.h>

#include "../guest.h"

struct shared {
  atomic_int over;
  atomic_int turns[4096];
};
static struct shared *shared;
static int count, wanted;
/** Has a byte for each of them when all are there: who waits by looking again would make more calls than turns. */
static int start[2];

static void *body(void *argument) {
  int me = (int)(intptr_t)argument;
  char byte;
  need(read(start[0], &byte, 1) == 1);
  while (!atomic_load(&shared->over)) {
    getppid();
    for (volatile int work = 0; work < 2000; work++) {
    }
    if (atomic_fetch_add(&shared->turns[me], 1) + 1 >= wanted) atomic_store(&shared->over, 1);
  }
  return 0;
}

int main(int words, char **word) {
  need(words == 4);
  count = atoi(word[2]);
  wanted = atoi(word[3]);
  need(count <= 4096);
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(shared != MAP_FAILED && pipe(start) == 0);
  char bytes[sizeof shared->turns / sizeof *shared->turns] = {0};
  if (strcmp(word[1], "threads") == 0) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    pthread_t *all = calloc((size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) need(pthread_create(&all[i], &small, body, (void *)(intptr_t)i) == 0);
    need(write(start[1], bytes, (size_t)count) == count);
    for (int i = 0; i < count; i++) pthread_join(all[i], 0);
  } else {
    for (int i = 0; i < count; i++) {
      pid_t child = fork();
      need(child >= 0);
      if (child == 0) {
        body((void *)(intptr_t)i);
        _exit(0);
      }
    }
    need(write(start[1], bytes, (size_t)count) == count);
    for (int i = 0; i < count; i++) need(wait(0) > 0);
  }
  int least = wanted, most = 0;
  for (int i = 0; i < count; i++) {
    int turns = atomic_load(&shared->turns[i]);
    if (turns < least) least = turns;
    if (turns > most) most = turns;
  }
  say("least %d most %d\n", least, most);
  return 0;
}
