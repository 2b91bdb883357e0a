// Two hundred signals to a process or a thread that computes: ignored by default, handled, ignored, and to a thread.
#include <pthread.h>

#include "../guest.h"

static volatile int handled, over;
static pid_t thread;
static int begun[2];

static void count(int number) { handled++; }

static void *compute(void *argument) {
  thread = gettid();
  need(write(begun[1], "b", 1) == 1);
  for (volatile unsigned long i = 0; !over; i++) {
  }
  return argument;
}

static void toProcess(const char *what, int number, void (*action)(int)) {
  pid_t child = fork();
  if (child == 0) {
    dieWithParent();
    if (action) signal(number, action);
    compute(0);
  }
  char byte;
  need(read(begun[0], &byte, 1) == 1);
  for (int i = 0; i < 200; i++) need(kill(child, number) == 0);
  need(kill(child, SIGKILL) == 0);
  reap(what, child);
}

int main(void) {
  need(pipe(begun) == 0);
  toProcess("ignored by default", SIGCHLD, 0);
  toProcess("handled", SIGURG, count);
  toProcess("ignored", SIGUSR1, SIG_IGN);
  signal(SIGURG, count);
  pthread_t other;
  char byte;
  need(pthread_create(&other, 0, compute, 0) == 0);
  need(read(begun[0], &byte, 1) == 1);
  for (int i = 0; i < 200; i++) need(tgkill(getpid(), thread, SIGURG) == 0);
  over = 1;
  need(pthread_join(other, 0) == 0);
  say("handled some: %d\n", handled > 0);
  return 0;
}
