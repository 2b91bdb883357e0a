// The state of other processes and threads in /proc/PID/stat and status: one that computes, one that waits, one that is
// stopped.
#include <pthread.h>
#include <sched.h>

#include "../guest.h"

static char letterOfStat(const char *path, int pieces) {
  char text[4096] = "";
  const int file = open(path, O_RDONLY);
  need(file >= 0);
  need((pieces ? pread(file, text, sizeof text - 1, 0) : read(file, text, sizeof text - 1)) > 0);
  close(file);
  const char *name = strrchr(text, ')');
  need(name != 0);
  return name[2];
}

static char letterOfStatus(const char *path) {
  char text[8192] = "";
  const int file = open(path, O_RDONLY);
  need(file >= 0 && read(file, text, sizeof text - 1) > 0);
  close(file);
  const char *field = strstr(text, "\nState:\t");
  need(field != 0 && strchr(field + 1, ')') != 0);
  return field[8];
}

static void tell(const char *what, pid_t pid, pid_t tid, char awaited) {
  char stat[64], status[64];
  snprintf(stat, sizeof stat, "/proc/%d/task/%d/stat", pid, tid);
  snprintf(status, sizeof status, "/proc/%d/status", tid);
  // Who is to wait may be on its way there.
  for (int i = 0; awaited == 'S' && i < 100000 && letterOfStat(stat, 0) != awaited; i++) sched_yield();
  say("%s: %c %c %c\n", what, letterOfStat(stat, 0), letterOfStat(stat, 1), letterOfStatus(status));
}

static int begun[2], go[2];
static pid_t thread;

static void begin(void) { need(write(begun[1], "b", 1) == 1); }

static void *compute(void *argument) {
  thread = gettid();
  begin();
  for (volatile unsigned long i = 0;; i++) {
  }
  return 0;
}

int main(void) {
  char byte;
  need(pipe(begun) == 0 && pipe(go) == 0);
  pid_t computing = fork();
  if (computing == 0) {
    dieWithParent();
    compute(0);
  }
  need(read(begun[0], &byte, 1) == 1);
  tell("computing", computing, computing, 'R');
  kill(computing, SIGSTOP);
  int status;
  need(waitpid(computing, &status, WUNTRACED) == computing && WIFSTOPPED(status));
  tell("stopped", computing, computing, 'T');
  kill(computing, SIGKILL);
  need(waitpid(computing, &status, 0) == computing);
  pid_t waiting = fork();
  if (waiting == 0) {
    dieWithParent();
    begin();
    need(read(go[0], &byte, 1) == 1);
    _exit(0);
  }
  need(read(begun[0], &byte, 1) == 1);
  tell("waiting", waiting, waiting, 'S');
  tell("itself", getpid(), getpid(), 'R');
  pthread_t other;
  need(pthread_create(&other, 0, compute, 0) == 0);
  need(read(begun[0], &byte, 1) == 1);
  tell("thread", getpid(), thread, 'R');
  need(write(go[1], "g", 1) == 1);
  reap("waiting", waiting);
  return 0;
}
