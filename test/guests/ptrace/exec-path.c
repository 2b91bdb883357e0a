// A tracee that stops at its calls executes a program, which has other bytes where the path and the arguments stood.
#include <sys/ptrace.h>

#include "../guest.h"

static char path[64];

int main(int count, char **arguments) {
  if (count > 1) return path[0] == 0 ? 7 : 8;
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    dieWithParent();
    strcpy(path, "/proc/self/exe");
    char *const next[] = {arguments[0], "again", 0};
    need(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 && raise(SIGSTOP) == 0);
    execve(path, next, environ);
    _exit(1);
  }
  int status = 0;
  need(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
  // PTRACE_OLDSETOPTIONS: what PTRACE_SETOPTIONS was in 32-bit programs.
  result("old set options", ptrace((enum __ptrace_request)21, child, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC));
  int execs = 0;
  for (;;) {
    need(ptrace(PTRACE_SYSCALL, child, 0, 0) == 0);
    need(waitpid(child, &status, 0) == child);
    if (!WIFSTOPPED(status)) break;
    if (status >> 16 == PTRACE_EVENT_EXEC) execs++;
  }
  say("execs %d, exit status %d\n", execs, WEXITSTATUS(status));
  return 0;
}
