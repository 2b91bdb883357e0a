// A tracer follows the processes and threads that its child makes, and the program that one executes.
#include <pthread.h>
#include <sys/ptrace.h>

#include "../guest.h"

static void *thread(void *argument) { return argument; }

static int childOf(int argc) {
  if (argc > 1) {
    say("a new program\n");
    return 8;
  }
  ptrace(PTRACE_TRACEME, 0, 0, 0);
  raise(SIGSTOP);
  pthread_t handle;
  pthread_create(&handle, 0, thread, 0);
  pthread_join(handle, 0);
  pid_t child = fork();
  if (child == 0) _exit(4);
  waitpid(child, 0, 0);
  child = vfork();
  if (child == 0) _exit(5);
  waitpid(child, 0, 0);
  execl("/proc/self/exe", "tree", "again", NULL);
  return 1;
}

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) return childOf(argc);
  pid_t child = fork();
  if (child == 0) return childOf(argc);
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  need(ptrace(PTRACE_SETOPTIONS, child, 0,
              PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE |
                  PTRACE_O_TRACEEXEC) == 0);
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  int events[8] = {0}, stops = 0, chld = 0;
  int exits[16] = {0};
  for (;;) {
    pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0) break;
    if (WIFEXITED(status)) {
      exits[WEXITSTATUS(status) & 15]++;
      continue;
    }
    need(WIFSTOPPED(status));
    int event = status >> 16, signal = WSTOPSIG(status), passed = 0;
    if (event) {
      unsigned long message = 0;
      need(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) == 0 && message != 0);
      events[event]++;
    } else if (signal == SIGSTOP) {
      stops++;
    } else {
      chld += signal == SIGCHLD;
      passed = signal;
    }
    need(ptrace(PTRACE_CONT, pid, 0, passed) == 0);
  }
  say("no more: %s\n", strerrorname_np(errno));
  say("fork %d vfork %d clone %d exec %d vfork done %d\n", events[1], events[2], events[3], events[4], events[5]);
  say("%d stops of new tasks, %d SIGCHLD\n", stops, chld);
  say("exits: 0 %d, 4 %d, 5 %d, 8 %d\n", exits[0], exits[4], exits[5], exits[8]);
  return 0;
}
