// The futex calls of Linux 5.16 and 6.7: futex_waitv, futex_wait, futex_wake and futex_requeue.
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include "../guest.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
enum { callWake = 454, callWait = 455, callRequeue = 456 };
enum { flags = 2 | 128 };  // FUTEX2_SIZE_U32, FUTEX2_PRIVATE
static const unsigned long all = 0xffffffff;

struct waiter {
  uint64_t value, address;
  uint32_t flags, reserved;
};

static uint32_t words[4];
static volatile int woken;

static struct timespec *soon(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  time.tv_nsec += 10000000;
  if (time.tv_nsec >= 1000000000) time.tv_sec++, time.tv_nsec -= 1000000000;
  return pageEndCopy(&time, sizeof time);
}

static void *waker(void *argument) {
  while (syscall(callWake, &words[2], all, poisoned(1), poisoned(flags)) == 0) sched_yield();
  return 0;
}

static void *sleeper(void *argument) {
  if (syscall(callWait, &words[1], 0L, all, poisoned(flags), 0L, 0L) == 0)
    __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
  return 0;
}

static void waitOnSeveral(void) {
  struct waiter *list = pageEnd(3 * sizeof *list);
  for (int i = 0; i < 3; i++) list[i] = (struct waiter){0, (uintptr_t)&words[i], flags, 0};
  const long clock = poisoned(CLOCK_MONOTONIC);
  result("futex_waitv for a time", syscall(SYS_futex_waitv, list, poisoned(3), poisoned(0), soon(), clock));
  words[1] = 5;
  result("another value", syscall(SYS_futex_waitv, list, poisoned(3), poisoned(0), 0L, clock));
  words[1] = 0;
  result("bad flags", syscall(SYS_futex_waitv, list, poisoned(3), poisoned(1), 0L, clock));
  result("bad address", syscall(SYS_futex_waitv, badAddress(), poisoned(3), poisoned(0), 0L, clock));
  pthread_t thread;
  pthread_create(&thread, 0, waker, 0);
  result("woken", syscall(SYS_futex_waitv, list, poisoned(3), poisoned(0), 0L, clock));
  pthread_join(thread, 0);
}

int main(void) {
  waitOnSeveral();
  const long clock = poisoned(CLOCK_MONOTONIC);
  if (syscall(callWait, &words[0], 1L, all, poisoned(flags), soon(), clock) == -1 && errno == ENOSYS) return 0;
  result("futex_wait for a time", syscall(callWait, &words[0], 0L, all, poisoned(flags), soon(), clock));
  result("another value", syscall(callWait, &words[0], 1L, all, poisoned(flags), soon(), clock));
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], 0, sleeper, 0);
  struct waiter move[2] = {{0, (uintptr_t)&words[1], flags, 0}, {0, (uintptr_t)&words[3], flags, 0}};
  for (int moved = 0; moved < 2; sched_yield()) {
    long now = syscall(callRequeue, pageEndCopy(move, sizeof move), poisoned(0), poisoned(0), poisoned(2));
    need(now >= 0);
    moved += now;
  }
  result("wake one", syscall(callWake, &words[3], all, poisoned(1), poisoned(flags)));
  result("wake the other", syscall(callWake, &words[3], all, poisoned(5), poisoned(flags)));
  for (int i = 0; i < 2; i++) pthread_join(threads[i], 0);
  say("woken %d\n", woken);
  return 0;
}
