// Under an RLIMIT_AS that leaves 4 MiB they are the program's to the last page but a few, however many calls it makes
// before: the recorder maps nothing there for its own sake.
#include <poll.h>
#include <sys/resource.h>
#include <time.h>

#include "../guest.h"

static long mapped(void) {
  char text[64] = "";
  int fd = open("/proc/self/statm", O_RDONLY);
  need(fd >= 0 && read(fd, text, sizeof text - 1) > 0 && close(fd) == 0);
  return atol(text) * 4096;
}

// Calls from many places, each often enough that it would be worth while to make it faster.
static void callOften(void) {
  for (int i = 0; i < 300; i++) {
    struct timespec now;
    char path[64];
    struct stat status;
    int fd = open("/dev/null", O_RDWR);
    need(fd >= 0 && write(fd, path, 1) == 1 && read(fd, path, 1) == 0 && fstat(fd, &status) == 0 && close(fd) == 0);
    need(getppid() > 0 && lseek(-1, 0, SEEK_SET) == -1 && readlink("/proc/self", path, sizeof path) > 0);
    need(clock_gettime(CLOCK_MONOTONIC, &now) == 0 && poll(0, 0, 0) == 0 && access("/", F_OK) == 0);
  }
}

static void takeAll(const char *who, long limit) {
  const long left = limit - mapped();
  callOften();
  const long wanted = (left - (64 << 10)) & ~4095L;
  void *taken = mmap(0, wanted, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  say("%s: ", who);
  succeeded("all that was left", taken == MAP_FAILED ? -1 : 0);
  need(taken == MAP_FAILED || munmap(taken, wanted) == 0);
}

int main(int count, char **arguments) {
  struct rlimit limit;
  if (count > 1) {
    need(getrlimit(RLIMIT_AS, &limit) == 0);
    takeAll("executed", limit.rlim_cur);
    return 0;
  }
  limit.rlim_cur = limit.rlim_max = mapped() + (4 << 20);
  need(setrlimit(RLIMIT_AS, &limit) == 0);
  takeAll("limited itself", limit.rlim_cur);
  pid_t child = fork();
  if (child == 0) {
    execl("/proc/self/exe", arguments[0], "limited", (char *)0);
    _exit(1);
  }
  reap("child", child);
  return 0;
}
