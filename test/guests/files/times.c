// utime, utimes, futimesat, utimensat: what is set is what stat shows.
#include <sys/time.h>
#include <utime.h>

#include "../guest.h"

static void show(void) {
  struct stat status;
  need(stat("file", &status) == 0);
  say("  access %ld.%09ld modification %ld.%09ld\n", status.st_atim.tv_sec, status.st_atim.tv_nsec,
      status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

int main(void) {
  close(patternFile("file", 10));
  struct utimbuf seconds = {1000, 2000};
  result("utime", syscall(SYS_utime, pageEndString("file"), pageEndCopy(&seconds, sizeof seconds)));
  show();
  struct timeval micro[2] = {{3000, 123456}, {4000, 654321}};
  result("utimes", syscall(SYS_utimes, "file", pageEndCopy(micro, sizeof micro)));
  show();
  micro[0].tv_sec = 5000;
  result("futimesat", syscall(SYS_futimesat, poisoned(AT_FDCWD), "file", pageEndCopy(micro, sizeof micro)));
  show();
  struct timespec nano[2] = {{6000, 123456789}, {0, UTIME_OMIT}};
  result("utimensat", syscall(SYS_utimensat, poisoned(AT_FDCWD), "file", pageEndCopy(nano, sizeof nano), poisoned(0)));
  show();
  nano[1].tv_nsec = -5;
  result("utimensat bad nanoseconds", syscall(SYS_utimensat, poisoned(AT_FDCWD), "file", nano, poisoned(0)));
  result("utimensat bad address", syscall(SYS_utimensat, poisoned(AT_FDCWD), "file", badAddress(), poisoned(0)));
  result("utimensat now", syscall(SYS_utimensat, poisoned(AT_FDCWD), "file", 0L, poisoned(0)));
  struct stat status;
  need(stat("file", &status) == 0);
  say("  recent: %d\n", status.st_mtim.tv_sec > 1000000000);
  return 0;
}
