// TracerPid of /proc/PID/status: what a program looks at that wants to know whether it is being debugged.
#include <sys/ptrace.h>

#include "../guest.h"

// By `pieces` bytes at a time.
static long tracerOf(pid_t pid, size_t pieces) {
  char path[64], text[8192];
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  const int file = open(path, O_RDONLY);
  need(file >= 0);
  size_t length = 0;
  ssize_t got;
  while ((got = read(file, text + length, pieces)) > 0) length += got;
  close(file);
  text[length] = 0;
  const char *field = strstr(text, "\nTracerPid:\t");
  need(field != 0 && strstr(text, "\nThreads:\t1\n") != 0);
  return atol(field + strlen("\nTracerPid:\t"));
}

int main(void) {
  for (int i = 0; i < 40; i++) need(tracerOf(getpid(), 4000) == 0);
  say("of itself: %ld, %ld\n", tracerOf(getpid(), 4000), tracerOf(getpid(), 1024));
  pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    const long tracer = tracerOf(getpid(), 1024);
    say("of a tracee: %s\n", tracer == getppid() ? "its tracer" : tracer == 0 ? "none" : "another");
    raise(SIGSTOP);
    say("let go: %ld\n", tracerOf(getpid(), 1024));
    _exit(3);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  const long tracer = tracerOf(child, 4000);
  say("of a child: %s\n", tracer == getpid() ? "this one" : tracer == 0 ? "none" : "another");
  need(ptrace(PTRACE_CONT, child, 0, 0) == 0);
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  need(ptrace(PTRACE_DETACH, child, 0, 0) == 0);
  reap("child", child);
  return 0;
}
