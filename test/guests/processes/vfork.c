// vfork: the parent waits, the child writes in the parent's memory, then execs or exits.
#include "../guest.h"

static volatile int value = 1;

int main(void) {
  pid_t child = vfork();
  if (child == 0) {
    value = 2;
    _exit(4);
  }
  say("value %d\n", value);
  reap("exit", child);
  child = vfork();
  if (child == 0) {
    value = 3;
    execl("/bin/echo", "echo", "from", "exec", (char *)0);
    _exit(1);
  }
  int seen = value;
  reap("exec", child);
  say("value %d\n", seen);
  child = vfork();
  if (child == 0) {
    execl("/does/not/exist", "x", (char *)0);
    value = errno;
    _exit(9);
  }
  say("error in the child %s\n", strerrorname_np(value));
  reap("failed exec", child);
  child = vfork();
  if (child == 0) {
    kill(getpid(), SIGKILL);
    _exit(1);
  }
  reap("killed", child);
  return 0;
}
