// Processes whose threads wait while another ends them: exit_group by a thread, exec by a thread, the main thread's
// pthread_exit.
// build: -pthread
#include <pthread.h>

#include "../guest.h"

static int silent[2];

static void *body(void *argument) {
  switch ((intptr_t)argument) {
    case 0:
      exit(31);
    case 1:
      execl("/bin/echo", "echo", "exec by a thread", (char *)0);
      exit(1);
    default:
      return 0;
  }
}

int main(void) {
  need(pipe(silent) == 0);
  for (intptr_t kind = 0; kind < 3; kind++) {
    pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      need(pthread_create(&thread, 0, body, (void *)kind) == 0);
      if (kind == 2) pthread_exit(0);
      char byte;
      _exit(read(silent[0], &byte, 1));
    }
    reap("child", child);
  }
  return 0;
}
