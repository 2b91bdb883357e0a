// The handler of a signal that interrupts a sleep makes calls of its own: what the sleep was called with, and what it
// wrote of the time that is left, has nothing to do with them.
#include <linux/futex.h>
#include <pthread.h>
#include <time.h>

#include "../guest.h"

static struct timespec rest = {1000, 0};
static int word;

// The fourth argument after a call that does not use it.
static long fourthAfterWake(long fourth) {
  register long r10 __asm__("r10") = fourth;
  long answer;
  __asm__ volatile("syscall"
                   : "=a"(answer), "+r"(r10)
                   : "a"(SYS_futex), "D"(&word), "S"(FUTEX_WAKE), "d"(1)
                   : "rcx", "r11", "memory");
  need(answer == 0);
  return r10;
}

static void handle(int unused_) {
  const int left = rest.tv_sec < 1000 && rest.tv_sec > 0;
  rest.tv_sec = 7;
  // The first call that may wait would end what is wrong.
  long fourth[3];
  for (long i = 0; i < 3; i++) fourth[i] = fourthAfterWake(i + 1);
  say("time left: %d; fourth arguments: %ld %ld %ld\n", left, fourth[0], fourth[1], fourth[2]);
}

static void *sleeper(void *unused_) {
  result("clock_nanosleep", syscall(SYS_clock_nanosleep, CLOCK_REALTIME, 0, &rest, &rest));
  say("time left is what the handler made it: %d\n", rest.tv_sec == 7);
  return 0;
}

int main(void) {
  need(signal(SIGUSR1, handle) == 0);
  pthread_t thread;
  need(pthread_create(&thread, 0, sleeper, 0) == 0);
  usleep(100000);
  need(pthread_kill(thread, SIGUSR1) == 0);
  need(pthread_join(thread, 0) == 0);
  return 0;
}
