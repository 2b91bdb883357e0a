// Thirty children, one after the other, that make calls until somebody kills them; tells their ids.
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  for (int i = 0; i < 30; i++) {
    int status = 0;
    const pid_t child = fork();
    while (child == 0) getppid();
    printf("%d\n", child);
    fflush(stdout);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSIGNALED(status)) return 1;
  }
  return 0;
}
