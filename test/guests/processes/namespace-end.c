// The first process of a pid namespace ends, and the kernel ends all others there before it is gone: processes that
// wait, compute, are zombies, or whose parent is outside.
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "../guest.h"

static void *exitAll(void *unused_ unused) { exit(5); }

static pid_t start(void (*run)(int), int end) {
  int ready[2];
  need(pipe(ready) == 0);
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    run(ready[1]);
    _exit(end);
  }
  char byte;
  need(close(ready[1]) == 0 && read(ready[0], &byte, 1) == 1 && close(ready[0]) == 0);
  return child;
}

static void leaveWaiting(int ready) {
  for (int i = 0; i < 2; i++) {
    if (fork() == 0) pause();
  }
  need(write(ready, "r", 1) == 1);
}

static void leaveComputing(int ready) {
  if (fork() == 0) {
    for (volatile long i = 0;; i++) {
    }
  }
  need(write(ready, "r", 1) == 1);
}

static void endByThread(int ready) {
  leaveWaiting(ready);
  pthread_t thread;
  need(pthread_create(&thread, 0, exitAll, 0) == 0);
  pause();
}

static void stay(int ready) {
  leaveWaiting(ready);
  pause();
}

static void atOnce(int ready) { need(write(ready, "r", 1) == 1); }

// In a process of its own: its children are in a new namespace, the first of them leads it.
static void inNamespace(const char *what, void (*run)(int), bool kills) {
  fflush(stdout);
  const pid_t outer = fork();
  need(outer >= 0);
  if (outer == 0) {
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(result("unshare", -1) != 0);
    const pid_t first = start(run, 3);
    if (kills) need(kill(first, SIGKILL) == 0);
    reap(what, first);
    _exit(0);
  }
  reap("outside", outer);
}

// The second process has its parent outside, and is no zombie for good before that parent asks.
static void askLater(void) {
  const pid_t outer = fork();
  need(outer >= 0);
  if (outer == 0) {
    if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(result("unshare", -1) != 0);
    const pid_t first = start(stay, 3);
    const pid_t second = start(atOnce, 4);
    siginfo_t info;
    need(waitid(P_PID, (id_t)second, &info, WEXITED | WNOWAIT) == 0);
    need(kill(first, SIGKILL) == 0);
    result("the first", waitpid(first, 0, WNOHANG));
    reap("the second", second);
    reap("the first", first);
    _exit(0);
  }
  reap("outside", outer);
}

int main(void) {
  inNamespace("leaves waiting processes", leaveWaiting, false);
  inNamespace("leaves a computing process", leaveComputing, false);
  inNamespace("ends by a thread", endByThread, false);
  inNamespace("is killed", stay, true);
  askLater();
  return 0;
}
