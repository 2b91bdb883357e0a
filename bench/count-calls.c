// Counts the system calls of a tracer: count-calls FILE COMMAND...
//
// Writes "WAITS PTRACE ALL" to FILE: the waits (wait4, waitid), the ptrace calls and all system calls of those threads
// of the command that trace others. A call counts when it is entered. A wait that a signal broke does not count: a busy
// machine has more of them, since a tracer lets a timer break its waits. clock_gettime does not count: it is a call on
// some machines only (native/tracee/time-trap.h). Follows the command's threads, not the processes that it starts: a
// recorder is to trace those itself. Ends as the command does.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct counts {
  pid_t tid;
  unsigned long waits, ptrace, all;
  unsigned long long last;  // the call that it has entered
};

// Of Node's threads there are some dozens.
static struct counts threads[4096];

static struct counts *counts_of(pid_t tid) {
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    if (threads[i].tid == 0) threads[i].tid = tid;
    if (threads[i].tid == tid) return &threads[i];
  }
  fprintf(stderr, "count-calls: more than %zu threads\n", sizeof threads / sizeof *threads);
  exit(125);
}

static int is_wait(unsigned long long call) { return call == SYS_wait4 || call == SYS_waitid; }

// What the kernel gives to the tracer of a call that a signal has broken; the caller sees EINTR, or makes it again.
static int is_broken(long long result) { return result == -EINTR || (result <= -512 && result >= -516); }

static void count(pid_t tid) {
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info) <= 0) return;
  struct counts *counts = counts_of(tid);
  if (info.op == PTRACE_SYSCALL_INFO_EXIT && is_wait(counts->last) && is_broken(info.exit.rval)) {
    counts->waits--;
    counts->all--;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return;
  counts->last = info.entry.nr;
  if (info.entry.nr == SYS_clock_gettime) return;
  counts->all++;
  if (is_wait(info.entry.nr)) counts->waits++;
  if (info.entry.nr == SYS_ptrace) counts->ptrace++;
}

// Resumes a thread that has stopped.
static void go_on(pid_t tid, int status) {
  int signal = WSTOPSIG(status);
  int event = status >> 16;
  if (signal == (SIGTRAP | 0x80)) {
    count(tid);
    signal = 0;
  }
  int stopped = event == PTRACE_EVENT_STOP && signal != SIGTRAP;  // by job control
  if (event != 0) signal = 0;
  ptrace(stopped ? PTRACE_LISTEN : PTRACE_SYSCALL, tid, 0, signal);
}

static pid_t start(char **command) {
  int ready[2];
  if (pipe(ready) != 0) return -1;
  pid_t child = fork();
  if (child == 0) {
    char go;
    close(ready[1]);
    if (read(ready[0], &go, 1) != 1) _exit(125);
    close(ready[0]);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
  }
  int status;
  const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (child < 0 || ptrace(PTRACE_SEIZE, child, 0, options) != 0 || ptrace(PTRACE_INTERRUPT, child, 0, 0) != 0 ||
      waitpid(child, &status, __WALL) != child || ptrace(PTRACE_SYSCALL, child, 0, 0) != 0 ||
      write(ready[1], "g", 1) != 1) {
    return -1;
  }
  close(ready[0]);
  close(ready[1]);
  return child;
}

static int write_counts(const char *path) {
  struct counts sum = {0};
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    if (threads[i].ptrace == 0) continue;
    sum.waits += threads[i].waits;
    sum.ptrace += threads[i].ptrace;
    sum.all += threads[i].all;
  }
  FILE *file = fopen(path, "w");
  if (file == NULL) return -1;
  fprintf(file, "%lu %lu %lu\n", sum.waits, sum.ptrace, sum.all);
  return fclose(file);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s FILE COMMAND...\n", argv[0]);
    return 125;
  }
  pid_t first = start(argv + 2);
  if (first < 0) {
    perror("count-calls: cannot trace the command");
    return 125;
  }
  int end = -1;
  for (;;) {
    int status;
    pid_t tid = waitpid(-1, &status, __WALL);
    if (tid < 0 && errno == EINTR) continue;
    if (tid < 0) break;
    if (WIFSTOPPED(status))
      go_on(tid, status);
    else if (tid == first)
      end = status;
  }
  if (write_counts(argv[1]) != 0) {
    perror(argv[1]);
    return 125;
  }
  return WIFEXITED(end) ? WEXITSTATUS(end) : 128 + WTERMSIG(end);
}
