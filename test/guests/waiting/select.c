// select and pselect6: sets of exactly the words that are needed, time left, high descriptors.
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

#include "../guest.h"

int main(void) {
  int a[2];
  need(pipe(a) == 0 && dup2(a[0], 70) == 70 && dup2(a[1], 71) == 71);
  // Descriptors up to 71 need two words; the sets end at the end of a page.
  uint64_t *in = pageEnd(16), *out = pageEnd(16), *except = pageEnd(16);
  struct timeval *limit = pageEnd(sizeof *limit);
  in[0] = out[0] = except[0] = in[1] = out[1] = except[1] = 0;
  in[1] = 1 << 6;
  out[1] = 1 << 7;
  except[1] = 1 << 6;
  result("select", syscall(SYS_select, poisoned(72), in, out, except, 0L));
  say("  %lx %lx %lx\n", in[1], out[1], except[1]);
  in[1] = 1 << 6;
  *limit = (struct timeval){0, 5000};
  result("select nothing within 5 ms", syscall(SYS_select, poisoned(71), in, 0L, 0L, limit));
  say("  %lx, left %ld.%06ld\n", in[1], limit->tv_sec, limit->tv_usec);
  need(write(71, "x", 1) == 1);
  in[1] = 1 << 6;
  *limit = (struct timeval){3, 0};
  result("select", syscall(SYS_select, poisoned(71), in, 0L, 0L, limit));
  say("  %lx, left at most 3 %d\n", in[1], limit->tv_sec <= 3);
  struct timespec *time = pageEnd(sizeof *time);
  *time = (struct timespec){1, 0};
  uint64_t mask = 0;
  struct {
    uint64_t *mask;
    size_t size;
  } argument = {&mask, 8};
  in[1] = 1 << 6;
  result("pselect6", syscall(SYS_pselect6, poisoned(71), in, 0L, 0L, time, pageEndCopy(&argument, sizeof argument)));
  say("  %lx\n", in[1]);
  in[1] = 1 << 30;
  result("closed descriptor", syscall(SYS_select, poisoned(95), in, 0L, 0L, 0L));
  result("negative count", syscall(SYS_select, poisoned(-1), in, 0L, 0L, 0L));
  result("bad address", syscall(SYS_select, poisoned(71), badAddress(), 0L, 0L, 0L));
  *limit = (struct timeval){0, 3000};
  result("only the time", syscall(SYS_select, poisoned(0), 0L, 0L, 0L, limit));
  return 0;
}
