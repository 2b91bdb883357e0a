// traces-a-child CALLS: a thread traces a child, with two ptrace calls and two waits, and makes CALLS other system
// calls; the main thread traces nobody, and makes many of each.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int calls;
static int failed = 1;

static void *trace(void *nothing) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  int status;
  int stopped = ptrace(PTRACE_SEIZE, child, 0, 0) == 0 && ptrace(PTRACE_INTERRUPT, child, 0, 0) == 0 &&
                waitpid(child, &status, __WALL) == child && WIFSTOPPED(status);
  kill(child, SIGKILL);
  failed = !(waitpid(child, &status, __WALL) == child && WIFSIGNALED(status) && stopped);
  for (int i = 0; i < calls; i++) syscall(SYS_getppid);
  return nothing;
}

int main(int argc, char **argv) {
  calls = argc > 1 ? atoi(argv[1]) : 0;
  pthread_t thread;
  if (pthread_create(&thread, NULL, trace, NULL) != 0 || pthread_join(thread, NULL) != 0) return 1;
  for (int i = 0; i < 100; i++) waitpid(-1, NULL, WNOHANG);
  return failed;
}
