// Producer and consumer with a ring and two futex words, made with the bare system call: each waits for the other.
// build: -pthread
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>

#include "../guest.h"

enum { room = 8 };

static unsigned items = 4000;  // or what the argument says
static unsigned ring[room];
static _Atomic uint32_t produced, consumed;

static void waitWhile(_Atomic uint32_t *word, uint32_t value) {
  while (atomic_load(word) == value) syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

static void advance(_Atomic uint32_t *word) {
  atomic_fetch_add(word, 1);
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

static void *produce(void *argument unused) {
  for (unsigned i = 0; i < items; i++) {
    waitWhile(&consumed, i - room);
    ring[i % room] = i * 2654435761u;
    advance(&produced);
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1) items = atoi(argv[1]);
  pthread_t producer;
  uint64_t hash = 0;
  atomic_store(&consumed, 0);
  need(pthread_create(&producer, 0, produce, 0) == 0);
  for (unsigned i = 0; i < items; i++) {
    waitWhile(&produced, i);
    hash = hash * 31 + ring[i % room];
    advance(&consumed);
  }
  pthread_join(producer, 0);
  say("hash %lx\n", hash);
  return 0;
}
