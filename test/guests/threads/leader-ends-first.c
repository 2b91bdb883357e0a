// The first thread ends first; another waits for it, sees what the kernel wrote as it went, and ends the process.
#include <pthread.h>

#include "../guest.h"

static pthread_t leader;

static void *afterLeader(void *unused_) {
  void *value;
  need(pthread_join(leader, &value) == 0);
  say("the leader is gone: %ld\n", (long)value);
  pid_t child = fork();
  if (child == 0) _exit(3);
  reap("child of the thread", child);
  exit(11);
}

static void endFirst(void) {
  leader = pthread_self();
  pthread_t thread;
  need(pthread_create(&thread, 0, afterLeader, 0) == 0);
  pthread_exit((void *)42);
}

int main(void) {
  pid_t child = fork();
  if (child == 0) endFirst();
  siginfo_t info;
  result("waitid", waitid(P_PID, child, &info, WEXITED | WNOWAIT));
  say("code %d, status %d\n", info.si_code, info.si_status);
  reap("child", child);
  endFirst();
}
