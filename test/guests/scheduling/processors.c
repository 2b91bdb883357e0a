// What a program is told of its processors: affinity, as set and as asked for, and the one that it runs on.
#include <sched.h>
#include <sys/sysinfo.h>

#include "../guest.h"

static void tell(const char *when) {
  cpu_set_t set;
  need(sched_getaffinity(0, sizeof set, &set) == 0);
  int processor = sched_getcpu();
  say("%s: %d processors, runs on one of them: %d\n", when, CPU_COUNT(&set), CPU_ISSET(processor, &set) != 0);
}

// By the file that the C library reads, at once, byte by byte, and from its middle.
static void tellFile(void) {
  char whole[256] = "", piece[256] = "", end[256] = "";
  int file = open("/sys/devices/system/cpu/online", O_RDONLY);
  need(file >= 0);
  const ssize_t length = read(file, whole, sizeof whole - 1);
  need(length > 1 && read(file, piece, 1) == 0);
  need(lseek(file, 0, SEEK_SET) == 0);
  for (ssize_t i = 0; i < length; i++) need(read(file, piece + i, 1) == 1);
  need(pread(file, end, sizeof end - 1, length - 1) == 1);
  close(file);
  cpu_set_t set;
  need(sched_getaffinity(0, sizeof set, &set) == 0);
  int first = -1;
  need(sscanf(whole, "%d", &first) == 1);
  say("the same by bytes: %d, ends with a line: %d, the first is one of them: %d\n", strcmp(whole, piece) == 0,
      strcmp(end, "\n") == 0, CPU_ISSET(first, &set) != 0);
}

int main(void) {
  cpu_set_t all, one;
  tell("at first");
  need(sched_getaffinity(0, sizeof all, &all) == 0);
  say("as many are online: %d, %d\n", sysconf(_SC_NPROCESSORS_ONLN) == CPU_COUNT(&all),
      get_nprocs() == CPU_COUNT(&all));
  tellFile();
  int last = -1;
  for (int i = 0; i < CPU_SETSIZE; i++) {
    if (CPU_ISSET(i, &all)) last = i;
  }
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  result("the last", sched_setaffinity(0, sizeof one, &one));
  tell("the last");
  say("that is where it runs: %d\n", sched_getcpu() == last);
  pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    tell("child");
    _exit(0);
  }
  reap("child", child);
  // Many programs bind themselves to this one without asking which there are.
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  result("the first", sched_setaffinity(0, sizeof one, &one));
  tell("the first");
  say("that is where it runs: %d\n", sched_getcpu() == 0);
  // By the old entry, which the kernel emulates where it has it at all.
  FILE *maps = fopen("/proc/self/maps", "r");
  need(maps != 0);
  char line[4096];
  unsigned processor = 0;
  while (fgets(line, sizeof line, maps)) {
    if (!strstr(line, "[vsyscall]")) continue;
    ((long (*)(unsigned *, unsigned *, void *))0xffffffffff600800)(&processor, 0, 0);
  }
  fclose(maps);
  say("by the old entry: %u\n", processor);
  CPU_ZERO(&one);
  result("none", sched_setaffinity(0, sizeof one, &one));
  CPU_SET(1000, &one);
  result("far away", sched_setaffinity(0, sizeof one, &one));
  result("bad address", sched_setaffinity(0, sizeof one, badAddress()));
  result("nobody", sched_setaffinity(999999999, sizeof all, &all));
  result("all", sched_setaffinity(0, sizeof all, &all));
  tell("all");
  return 0;
}
