// futex where it does not wait, again and again, and where it does.
#include <linux/futex.h>
#include <pthread.h>

#include "../guest.h"

static uint32_t *words;

static long futex(void *word, int operation, int value, void *time, void *second, int third) {
  return syscall(SYS_futex, word, poisoned(operation), poisoned(value), time, second, poisoned(third));
}

enum { rounds = 300 };

// Each waits until the other has passed the number on.
static void *passOn(void *from) {
  volatile uint32_t *word = words;
  for (uint32_t i = (uint32_t)(uintptr_t)from; i < 2 * rounds; i += 2) {
    uint32_t now;
    while ((now = *word) != i) futex((void *)word, FUTEX_WAIT_PRIVATE, now, 0, 0, 0);
    *word = i + 1;
    futex((void *)word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
  }
  return 0;
}

int main(void) {
  words = pageEnd(2 * sizeof *words);
  for (int round = 0; round < 4; round++) {
    words[0] = 5;
    words[1] = 40;
    result("wake nobody", futex(words, FUTEX_WAKE, 1, 0, 0, 0));
    result("wake nobody by bits", futex(words, FUTEX_WAKE_BITSET_PRIVATE, 1, 0, 0, 7));
    result("no bits", futex(words, FUTEX_WAKE_BITSET_PRIVATE, 1, 0, 0, 0));
    result("value differs", futex(words, FUTEX_WAIT_PRIVATE, 6, 0, 0, 0));
    result("value differs, bits", futex(words, FUTEX_WAIT_BITSET_PRIVATE, 6, 0, 0, -1));
    struct timespec limit = {0, 1000000};
    result("time runs out", futex(words, FUTEX_WAIT_PRIVATE, 5, &limit, 0, 0));
    result("requeue", futex(words, FUTEX_REQUEUE_PRIVATE, 1, (void *)1, words + 1, 0));
    result("requeue, compared", futex(words, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, words + 1, 6));
    result("wake op",
           futex(words, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, words + 1, FUTEX_OP(FUTEX_OP_ADD, 2, FUTEX_OP_CMP_EQ, 1)));
    say("  second word %u\n", words[1]);
    result("bad address", futex(badAddress(), FUTEX_WAIT_PRIVATE, 5, 0, 0, 0));
    result("bad second address", futex(words, FUTEX_WAKE_OP_PRIVATE, 1, 0, badAddress(), 0));
    result("unknown operation", futex(words, 99, 1, 0, 0, 0));
  }
  words[0] = 0;
  pthread_t other;
  need(pthread_create(&other, 0, passOn, (void *)1) == 0);
  passOn(0);
  pthread_join(other, 0);
  say("passed on %u times\n", words[0]);
  return 0;
}
