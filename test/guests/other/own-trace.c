// What a program sees of being traced: /proc/self/status, PTRACE_TRACEME in a child. Recorded as it is.
#include <sys/ptrace.h>

#include "../guest.h"

int main(void) {
  pid_t child = fork();
  if (child == 0) {
    succeeded("PTRACE_TRACEME", ptrace(PTRACE_TRACEME, 0, 0, 0));
    _exit(0);
  }
  reap("child", child);
  FILE *file = fopen("/proc/self/status", "r");
  char line[200];
  while (fgets(line, sizeof line, file))
    if (!strncmp(line, "TracerPid", 9) || !strncmp(line, "Seccomp", 7)) say("%s", line);
  return 0;
}
