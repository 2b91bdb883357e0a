// Real-time policies: set, asked for, inherited, reset at fork; a task that has one and spins does not keep others, and
// the recorder, from running.
// build: -pthread
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "../guest.h"

static atomic_int flag;

static void tell(const char *who) {
  struct sched_param parameter = {-1};
  int policy = sched_getscheduler(0);
  sched_getparam(0, &parameter);
  say("%s: policy %d%s priority %d\n", who, policy & ~SCHED_RESET_ON_FORK,
      policy & SCHED_RESET_ON_FORK ? " reset on fork" : "", parameter.sched_priority);
}

static void *body(void *argument unused) {
  tell("thread");
  atomic_store(&flag, 1);
  return 0;
}

static void child(const char *who) {
  pid_t pid = fork();
  need(pid >= 0);
  if (pid == 0) {
    tell(who);
    _exit(0);
  }
  reap(who, pid);
}

int main(void) {
  pthread_t thread;
  tell("at first");
  if (result("fifo", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){20})) == 0) {
    tell("fifo");
    result("setparam", sched_setparam(0, &(struct sched_param){30}));
    result("setparam 0", sched_setparam(0, &(struct sched_param){0}));
    result("setparam bad", sched_setparam(0, (struct sched_param *)badAddress()));
    tell("then");
    child("its child");
    need(pthread_create(&thread, 0, body, 0) == 0);
    while (!atomic_load(&flag)) sched_yield();
    pthread_join(thread, 0);
    result("rr", sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &(struct sched_param){5}));
    struct timespec interval = {-1, -1};
    result("interval", sched_rr_get_interval(0, &interval));
    tell("rr");
    child("its child");
  }
  result("other", sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}));
  tell("other");
  child("its child");
  result("too high", sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){100}));
  result("idle", sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}));
  tell("idle");
  return 0;
}
