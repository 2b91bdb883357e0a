// A traced program whose second thread execs: what the tracer is told of the ends of the others.
#include <pthread.h>
#include <sys/ptrace.h>

#include "../guest.h"

static void *waits(void *argument) {
  for (;;) pause();
  return argument;
}

static void *execs(void *path) {
  char *arguments[] = {path, "again", 0};
  execv(path, arguments);
  return 0;
}

int main(int count, char **arguments) {
  if (count > 1) {
    say("in the new program\n");
    return 5;
  }
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    pthread_t first, second;
    need(pthread_create(&first, 0, waits, 0) == 0);
    need(pthread_create(&second, 0, execs, arguments[0]) == 0);
    for (;;) pause();
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  need(ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) == 0);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  int ends = 0, execed = 0, begun = 0;
  pid_t made[2] = {0, 0};
  for (;;) {
    const pid_t pid = waitpid(-1, &status, __WALL);
    need(pid > 0);
    if (!WIFSTOPPED(status)) {
      if (pid == child) break;
      say("thread %s: %x\n", pid == made[0] ? "that waits" : pid == made[1] ? "that execs" : "unknown", status);
      ends++;
      continue;
    }
    const int event = status >> 16;
    unsigned long message = 0;
    ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
    if (event == PTRACE_EVENT_CLONE) made[begun++] = message;
    if (event == PTRACE_EVENT_EXEC) {
      execed++;
      say("exec of %s, by %s\n", pid == child ? "the leader" : "a thread",
          message == (unsigned long)made[1] ? "its thread" : "another");
    }
    need(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
  }
  say("%d threads, %d execs, %d ends, then %x\n", begun, execed, ends, status);
  result("nobody is left", waitpid(-1, &status, __WALL));
  return 0;
}
