// Timers stop threads in mid-computation by a signal that does nothing, while others race with them: none of them may
// run before that is an event.
// build: -pthread -O0
#include <pthread.h>
#include <time.h>

#include "../guest.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile unsigned long counter;

static void *body(void *argument unused) {
  // SIGWINCH is ignored unless there is a handler.
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGWINCH};
  event.sigev_notify_thread_id = gettid();
  timer_t timer;
  need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  // Once each time: each signal stops the task, which may take longer than any period.
  const struct itimerspec once = {{0, 0}, {0, 1300000}};
  for (int i = 0; i < 24000000; i++) {
    if (i % 1000000 == 0) need(timer_settime(timer, 0, &once, 0) == 0);
    counter++;
  }
  timer_delete(timer);
  return 0;
}

int main(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) need(pthread_create(&threads[i], 0, body, 0) == 0);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  say("counter %lu\n", counter);
  return 0;
}
