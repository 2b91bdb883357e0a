// A library that makes fsync(2) of regular files take two seconds, as a disk does on which much is to be written.
// build: -shared -fPIC
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int fsync(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += 2;
    // As a disk does, it lets no signal break it.
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, 0) == EINTR) continue;
  }
  return (int)syscall(SYS_fsync, descriptor);
}
