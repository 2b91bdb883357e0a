// What a container's profile likes to refuse, called by the program itself: it must get the same answers in replay.
// Then threads that compute past their slices, and a timer's signals that interrupt them. build: -pthread
#include <linux/kcmp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "../guests/guest.h"

static volatile int alarms;
static volatile unsigned long counter;

static void onAlarm(int number unused) { alarms++; }

static void *compute(void *argument unused) {
  for (int i = 0; i < 20000000; i++) counter++;
  return 0;
}

int main(void) {
  char from[8] = "content", to[8] = "";
  struct iovec local = {to, sizeof to}, remote = {from, sizeof from};
  long nodes[16];
  int mode;
  cpu_set_t all;
  sched_getaffinity(0, sizeof all, &all);
  timer_t timer;
  result("kcmp", syscall(SYS_kcmp, getpid(), getpid(), KCMP_FILE, 1, 1));
  result("personality", personality(0xffffffff));
  result("process_vm_readv", process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
  say("read \"%s\"\n", to);
  result("process_vm_writev", process_vm_writev(getpid(), &remote, 1, &local, 1, 0));
  result("perf_event_open", syscall(SYS_perf_event_open, 0, 0, 0, 0, 0));
  result("userfaultfd", syscall(SYS_userfaultfd, 0x7fffffff));
  result("get_mempolicy", syscall(SYS_get_mempolicy, &mode, nodes, sizeof nodes * 8, 0, 0));
  result("keyctl", syscall(SYS_keyctl, 99, 0, 0, 0, 0));
  result("unshare", syscall(SYS_unshare, 0x12345));
  result("membarrier", syscall(SYS_membarrier, 0x12345, 0, 0) >= 0);
  result("close_range", syscall(SYS_close_range, 500, 600, 0));
  result("statx", syscall(SYS_statx, -1, "", 0, 0, 0));
  result("sched_setaffinity", sched_setaffinity(0, sizeof all, &all));
  if (result("timer_create", timer_create(CLOCK_MONOTONIC, 0, &timer)) == 0) timer_delete(timer);
  signal(SIGALRM, onAlarm);
  struct itimerval often = {{0, 5000}, {0, 5000}}, off = {{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, 0);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) need(pthread_create(&threads[i], 0, compute, 0) == 0);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  setitimer(ITIMER_REAL, &off, 0);
  say("counter %lu, alarms %d\n", counter, alarms);
  return alarms > 0 ? 3 : 4;
}
