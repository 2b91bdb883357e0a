// futex by one thread and between processes: wake nobody, mismatch, time limits, requeue, shared words.
#include <linux/futex.h>
#include <time.h>

#include "../guest.h"

static long futex(void *word, int operation, int value, void *time, void *second, int third) {
  return syscall(SYS_futex, word, poisoned(operation), poisoned(value), time, second, poisoned(third));
}

int main(void) {
  uint32_t *word = pageEnd(sizeof *word);
  *word = 5;
  struct timespec *limit = pageEnd(sizeof *limit);
  *limit = (struct timespec){0, 5000000};
  result("wake nobody", futex(word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
  result("value differs", futex(word, FUTEX_WAIT_PRIVATE, 6, limit, 0, 0));
  result("time runs out", futex(word, FUTEX_WAIT_PRIVATE, 5, limit, 0, 0));
  struct timespec past = {1, 0};
  result("absolute time has passed", futex(word, FUTEX_WAIT_BITSET_PRIVATE, 5, &past, 0, -1));
  result("no bits", futex(word, FUTEX_WAIT_BITSET_PRIVATE, 5, limit, 0, 0));
  result("requeue nobody", futex(word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, word - 1, 5));
  result("requeue mismatch", futex(word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)1, word - 1, 6));
  result("wake op",
         futex(word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, word - 1, FUTEX_OP(FUTEX_OP_SET, 9, FUTEX_OP_CMP_EQ, 1)));
  say("  second word %u\n", word[-1]);
  *word = 0;
  result("lock", futex(word, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  say("  owner is me %d\n", (int)(*word & FUTEX_TID_MASK) == getpid());
  result("lock again", futex(word, FUTEX_LOCK_PI_PRIVATE, 0, 0, 0, 0));
  result("unlock", futex(word, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, 0, 0));
  say("  %u\n", *word);
  result("not aligned", futex((char *)word - 1, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0));
  result("bad address", futex(badAddress(), FUTEX_WAIT_PRIVATE, 5, 0, 0, 0));
  result("unknown operation", futex(word, 99, 1, 0, 0, 0));
  void **head = pageEnd(8);
  size_t *length = pageEnd(8);
  result("get_robust_list", syscall(SYS_get_robust_list, poisoned(0), head, length));
  say("  length %zu\n", *length);
  // A child waits on a shared word until the parent wakes it.
  volatile uint32_t *shared = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t child = fork();
  if (child == 0) {
    while (*shared == 0) futex((void *)shared, FUTEX_WAIT, 0, 0, 0, 0);
    _exit(*shared);
  }
  usleep(5000);
  *shared = 33;
  long woken = futex((void *)shared, FUTEX_WAKE, 10, 0, 0, 0);
  say("woken at most one %d\n", woken == 0 || woken == 1);
  reap("child", child);
  return 0;
}
