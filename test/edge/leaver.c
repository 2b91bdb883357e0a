// A program that is left unrecorded: what it does, its first argument says.
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

// Nothing of a recording's is in the process: its page, its processor, its trap of rdtsc.
static int look(void) {
  FILE *maps = fopen("/proc/self/maps", "r");
  char line[512];
  int pages = 0;
  while (maps != NULL && fgets(line, sizeof line, maps) != NULL) pages += strncmp(line, "70000000-", 9) == 0;
  cpu_set_t processors;
  sched_getaffinity(0, sizeof processors, &processors);
  const unsigned long long before = __rdtsc();
  printf("pages %d, processors %d, time %s\n", pages, CPU_COUNT(&processors), __rdtsc() >= before ? "goes on" : "back");
  return 0;
}

// A child of it, and threads of calls.
static int make(void) {
  const pid_t child = fork();
  if (child == 0) _exit(getppid() > 0 ? 21 : 1);
  int status;
  waitpid(child, &status, 0);
  printf("child %d\n", WEXITSTATUS(status));
  return 0;
}

// Goes on when the recording is over, and then writes a file.
static int outlive(const char *file) {
  char partial[512];
  snprintf(partial, sizeof partial, "%s.partial", file);
  while (access("released", F_OK) != 0) usleep(10000);
  FILE *stream = fopen(partial, "w");
  if (stream == NULL) return 1;
  fprintf(stream, "still here\n");
  fclose(stream);
  return rename(partial, file);
}

int main(int count, char **arguments) {
  if (count < 2) return 2;
  if (strcmp(arguments[1], "status") == 0) return atoi(arguments[2]);
  if (strcmp(arguments[1], "signal") == 0) return raise(atoi(arguments[2]));
  if (strcmp(arguments[1], "look") == 0) return look();
  if (strcmp(arguments[1], "make") == 0) return make();
  if (strcmp(arguments[1], "outlive") == 0) return outlive(arguments[2]);
  if (strcmp(arguments[1], "pause") == 0) return pause();
  return 2;
}
