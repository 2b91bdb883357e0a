#include "launcher/debugger.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { kParent = 1, kSoft = 2, kProgram = 3 };

int runDebugger(int argc, char **argv) {
  if (argc <= kProgram) {
    fputs("rr-launch debugger: PARENT SOFT PROGRAM ARGS...\n", stderr);
    return 2;
  }
  // SIGHUP, which is what a terminal sends when it goes, rather than SIGKILL: a debugger that reads a line has changed
  // the terminal, and puts it back.
  prctl(PR_SET_PDEATHSIG, SIGHUP);
  // The parent may have died before that.
  if (getppid() != (pid_t)strtol(argv[kParent], NULL, 10)) return 1;

  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = strtoull(argv[kSoft], NULL, 16);
    setrlimit(RLIMIT_NOFILE, &files);
  }
  execvp(argv[kProgram], argv + kProgram);
  const int error = errno;
  fprintf(stderr, "rr: cannot start the debugger %s: %s\n", argv[kProgram], strerror(error));
  return error == ENOENT || error == ENOTDIR ? 127 : 126;
}
