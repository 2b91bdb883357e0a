// A wait for one thread of a traced process goes on when another one of them stops.
#include <pthread.h>
#include <sys/ptrace.h>

#include "../guest.h"

enum { rounds = 60 };
static pthread_barrier_t ready;
static pid_t ids[2];
static int ends[2];

static void *stops(void *argument) {
  const long late = (long)argument;
  ids[late] = (pid_t)syscall(SYS_gettid);
  pthread_barrier_wait(&ready);
  char byte;
  pthread_barrier_wait(&ready);
  for (int round = 0; round < rounds; round++) {
    // Without the pause, either may be the first.
    if (late && round % 4 != 0) usleep(1000);
    raise(SIGUSR2);
  }
  need(read(ends[0], &byte, 1) == 0);
  return 0;
}

static pid_t awaitThread(pid_t tid, int *status) {
  const pid_t got = waitpid(tid, status, __WALL);
  if (got != tid) say("waited for a thread: %d, %s\n", got, strerror(errno));
  return got;
}

int main(void) {
  int told[2], go[2];
  need(pipe(ends) == 0 && pipe(told) == 0 && pipe(go) == 0);
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    dieWithParent();
    pthread_t handles[2];
    char byte;
    need(close(ends[1]) == 0);
    pthread_barrier_init(&ready, 0, 3);
    for (long i = 0; i < 2; i++) need(pthread_create(&handles[i], 0, stops, (void *)i) == 0);
    pthread_barrier_wait(&ready);
    need(write(told[1], ids, sizeof ids) == sizeof ids);
    need(read(go[0], &byte, 1) == 1);
    pthread_barrier_wait(&ready);
    for (int i = 0; i < 2; i++) pthread_join(handles[i], 0);
    _exit(4);
  }
  need(read(told[0], ids, sizeof ids) == sizeof ids);
  for (int i = 0; i < 2; i++) need(ptrace(PTRACE_SEIZE, ids[i], 0, 0) == 0);
  need(write(go[1], "g", 1) == 1);
  int stopped = 0;
  for (int round = 0; round < rounds; round++) {
    for (int i = 1; i >= 0; i--) {
      int status = 0;
      if (awaitThread(ids[i], &status) != ids[i]) break;
      stopped += WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR2;
    }
    const int goOn = round < rounds - 1 ? PTRACE_CONT : PTRACE_DETACH;
    for (int i = 1; i >= 0; i--) need(ptrace(goOn, ids[i], 0, 0) == 0);
  }
  say("%d stops\n", stopped);
  need(close(ends[1]) == 0);
  reap("child", child);
  return 0;
}
