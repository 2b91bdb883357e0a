// Attaching to a process of another user's is refused, as long as that is so; to its own it is not. As root.
#include <sys/ptrace.h>

#include "../guest.h"

static int ends[2];

// Lives until this process ends.
static pid_t sleeper(void) {
  pid_t pid = fork();
  need(pid >= 0);
  if (pid == 0) {
    char byte;
    close(ends[1]);
    _exit(read(ends[0], &byte, 1) != 0);
  }
  return pid;
}

static void attach(const char *what, pid_t pid) {
  if (result(what, ptrace(PTRACE_ATTACH, pid, 0, 0)) != 0) return;
  int status = 0;
  need(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
  need(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
}

int main(void) {
  if (getuid() != 0) return 0;
  need(pipe(ends) == 0);
  pid_t roots = sleeper();
  attach("root", roots);
  need(setresuid(65534, 65534, 65534) == 0);
  attach("another's", roots);
  result("seize another's", ptrace(PTRACE_SEIZE, roots, 0, 0));
  // Memory of a process that has changed its user is not dumpable, nor is its children's.
  pid_t closed = sleeper();
  attach("not dumpable", closed);
  need(prctl(PR_SET_DUMPABLE, 1) == 0);
  attach("its own", sleeper());
  result("nobody", ptrace(PTRACE_ATTACH, 0x3fffff, 0, 0));
  result("itself", ptrace(PTRACE_ATTACH, getpid(), 0, 0));
  return 0;
}
