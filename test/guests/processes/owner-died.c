// Robust locks shared with a process that exits, is killed, or executes another program while it holds them.
#include <pthread.h>

#include "../guest.h"

static struct {
  pthread_mutex_t plain, inheriting;
  volatile int round;
} * shared;

static void lockAndReport(const char *name, pthread_mutex_t *mutex) {
  int error = pthread_mutex_lock(mutex);
  say("%s: %s\n", name, error ? strerrorname_np(error) : "locked");
  if (error == EOWNERDEAD) pthread_mutex_consistent(mutex);
  pthread_mutex_unlock(mutex);
}

static void holdUntilTheEnd(int round) {
  pthread_mutex_lock(&shared->plain);
  pthread_mutex_lock(&shared->inheriting);
  shared->round = round;
  for (int i = 0; i < 50; i++) sched_yield();
  if (round == 1) _exit(0);
  if (round == 2) raise(SIGKILL);
  pthread_mutex_unlock(&shared->inheriting);
  execl("/bin/true", "true", NULL);
  _exit(1);
}

int main(void) {
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&shared->plain, &attributes);
  pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  pthread_mutex_init(&shared->inheriting, &attributes);
  for (int round = 1; round <= 3; round++) {
    pid_t child = fork();
    if (child == 0) holdUntilTheEnd(round);
    while (shared->round != round) sched_yield();
    lockAndReport("plain", &shared->plain);
    lockAndReport("inheriting", &shared->inheriting);
    reap("child", child);
  }
  return 0;
}
