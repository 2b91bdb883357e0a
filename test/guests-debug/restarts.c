// A signal that does nothing comes while a call waits: the kernel makes the call again.
#include <signal.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    const struct timespec pause = {0, 30000000};
    for (int i = 0; i < 3; i++) {
      nanosleep(&pause, 0);
      kill(parent, SIGWINCH);
    }
    nanosleep(&pause, 0);
    return write(ends[1], "done\n", 5) != 5;
  }
  char text[5];
  if (read(ends[0], text, sizeof(text)) != sizeof(text)) return 1;
  waitpid(child, 0, 0);
  printf("%.5s", text);
  return 0;
}
