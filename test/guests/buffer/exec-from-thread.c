// build: -pthread
// A thread executes a program, or ends the process, while others make buffered calls.
#include <pthread.h>

#include "../buffered-calls.h"

static char *name;

static void *work(void *nothing) {
  for (;;) someBufferedCalls();
  return 0;
}

static void *leave(void *how) {
  usleep(3000);
  if (how) execl("/proc/self/exe", name, "again", NULL);
  syscall(SYS_exit_group, 4L);
  return 0;
}

int main(int count, char **words) {
  someBufferedCalls();
  if (count > 1) {
    say("again\n");
    return 6;
  }
  name = words[0];
  for (int i = 0; i < 10; i++) {
    const pid_t child = fork();
    if (child == 0) {
      pthread_t threads[5];
      for (int j = 0; j < 3; j++) pthread_create(&threads[j], 0, work, 0);
      pthread_create(&threads[3], 0, leave, i % 2 ? name : 0);
      work(0);
    }
    reap("child", child);
  }
  return 0;
}
