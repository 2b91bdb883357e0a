// Starts the program of its first argument, which is left unrecorded, by fork, vfork, and from a thread; and watches
// one by job control. Prints what it sees: the same with a recording as without.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *program;

static void run(const char *what, const char *value) {
  execl(program, program, what, value, (char *)NULL);
  _exit(126);
}

static void show(const char *how, pid_t child) {
  int status;
  if (waitpid(child, &status, 0) != child) exit(1);
  if (WIFSIGNALED(status))
    printf("%s: signal %d\n", how, WTERMSIG(status));
  else
    printf("%s: status %d\n", how, WEXITSTATUS(status));
  fflush(stdout);
}

static void *inThread(void *unused) {
  run("status", "9");
  return unused;
}

static void watch(void) {
  const pid_t child = fork();
  if (child == 0) run("pause", "");
  int status;
  kill(child, SIGSTOP);
  waitpid(child, &status, WUNTRACED);
  printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
  kill(child, SIGCONT);
  waitpid(child, &status, WCONTINUED);
  printf("goes on %d\n", WIFCONTINUED(status));
  kill(child, SIGTERM);
  show("ended", child);
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  program = arguments[1];
  pid_t child = fork();
  if (child == 0) run("status", "7");
  show("fork", child);
  child = vfork();
  if (child == 0) run("signal", "11");
  show("vfork", child);
  child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(&thread, NULL, inThread, NULL);
    pthread_join(thread, NULL);
    _exit(1);
  }
  show("thread", child);
  watch();
  printf("is recorded again\n");
  return 0;
}
