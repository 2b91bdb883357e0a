// Runs a command and measures it: measure FILE CPU COMMAND...
//
// Writes "SECONDS CPU-SECONDS KILOBYTES STATUS" to FILE: wall time from fork to the end, processor time and the largest
// resident set of the command and all its descendants that were waited for, and the wait status. CPU is the number of
// the only processor it may use, or - for any. Waits without polling. The soft limit of descriptors is set to 1024.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec / 1e6; }

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: %s FILE CPU COMMAND...\n", argv[0]);
    return 125;
  }
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max >= 1024) {
    limit.rlim_cur = 1024;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  double started = now();
  pid_t child = fork();
  if (child < 0) {
    perror("fork");
    return 125;
  }
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (strcmp(argv[2], "-") != 0) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(atoi(argv[2]), &set);
      if (sched_setaffinity(0, sizeof set, &set) < 0) {
        perror("sched_setaffinity");
        _exit(125);
      }
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    _exit(127);
  }
  int status;
  if (waitpid(child, &status, 0) != child) {
    perror("waitpid");
    return 125;
  }
  double wall = now() - started;
  struct rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  FILE *file = fopen(argv[1], "w");
  if (file == NULL) {
    perror(argv[1]);
    return 125;
  }
  fprintf(file, "%.6f %.6f %ld %d\n", wall, seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss, status);
  return fclose(file) == 0 ? 0 : 125;
}
