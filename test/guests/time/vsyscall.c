// The three calls of the vsyscall page, which old static programs use; a kernel without it sends SIGSEGV.
#include <setjmp.h>
#include <sys/time.h>
#include <time.h>

#include "../guest.h"

static sigjmp_buf back;

static void onFault(int number) { siglongjmp(back, 1); }

int main(void) {
  signal(SIGSEGV, onFault);
  if (sigsetjmp(back, 1)) {
    say("no vsyscall page\n");
    return 0;
  }
  struct timeval day;
  long (*getDay)(struct timeval *, void *) = (void *)0xffffffffff600000;
  long (*getTime)(time_t *) = (void *)0xffffffffff600400;
  long value = getDay(&day, 0);
  time_t seconds = getTime(0);
  say("gettimeofday %ld, %ld.%06ld, time agrees %d\n", value, day.tv_sec, day.tv_usec, seconds - day.tv_sec <= 1);
  return 0;
}
