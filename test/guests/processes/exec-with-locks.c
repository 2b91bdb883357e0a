// An exec by one thread ends all others: the robust locks that they hold in shared memory are marked, those of the
// caller only when it is the leader (its id changes before the kernel looks).
#include <pthread.h>

#include "../guest.h"

enum { ofThread, ofCaller, ofLeader, locks };

static struct {
  pthread_mutex_t lock[locks];
  volatile int ready;
} * shared;

static void *holder(void *argument) {
  pthread_mutex_lock(&shared->lock[ofThread]);
  shared->ready = 1;
  pause();
  return 0;
}

static void *caller(void *argument) {
  pthread_mutex_lock(&shared->lock[ofCaller]);
  execl("/bin/true", "true", NULL);
  _exit(1);
}

static void process(int byOther) {
  pthread_t thread;
  pthread_create(&thread, 0, holder, 0);
  while (!shared->ready) sched_yield();
  if (!byOther) caller(0);
  pthread_mutex_lock(&shared->lock[ofLeader]);
  pthread_create(&thread, 0, caller, 0);
  for (;;) pause();
}

int main(void) {
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  const char *names[locks] = {"of a thread", "of the caller", "of the leader"};
  for (int byOther = 0; byOther < 2; byOther++) {
    for (int i = 0; i < locks; i++) pthread_mutex_init(&shared->lock[i], &attributes);
    shared->ready = 0;
    pid_t child = fork();
    if (child == 0) process(byOther);
    reap(byOther ? "exec by another thread" : "exec by the leader", child);
    for (int i = 0; i < locks; i++) {
      int error = pthread_mutex_trylock(&shared->lock[i]);
      say("  %s: %s\n", names[i], error ? strerrorname_np(error) : "free");
    }
  }
  return 0;
}
