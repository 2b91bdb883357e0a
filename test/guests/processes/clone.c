// clone as a fork with options: tids written in parent and child, shared descriptors, shared directory, shared memory,
// other exit signals, no exit signal.
#include <sched.h>

#include "../guest.h"

static pid_t *parentTid, *childTid;
static volatile int value;

static pid_t rawClone(unsigned long flags) { return syscall(SYS_clone, flags, 0L, parentTid, childTid, 0L); }

static char stack[65536] __attribute__((aligned(16)));

static int body(void *argument) {
  value = *(int *)argument + 1;
  return 6;
}

int main(void) {
  parentTid = pageEnd(sizeof *parentTid);
  childTid = pageEnd(sizeof *childTid);
  *parentTid = *childTid = 0;
  pid_t child = rawClone(SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID);
  if (child == 0) {
    say("in the child: own tid %d\n", *childTid == getpid());
    _exit(0);
  }
  reap("tids", child);
  say("in the parent: child's tid %d, untouched %d\n", *parentTid == child, *childTid);

  child = rawClone(SIGCHLD | CLONE_FILES | CLONE_FS);
  if (child == 0) {
    int file = open("shared", O_CREAT | O_RDWR, 0644);
    need(dup2(file, 100) == 100 && write(100, "text", 4) == 4);
    need(mkdir("below", 0755) == 0 && chdir("below") == 0);
    umask(077);
    _exit(0);
  }
  reap("CLONE_FILES and CLONE_FS", child);
  char text[8] = {0};
  result("pread", pread(100, text, 4, 0));
  say("  %s, shared is one up %d, umask %o\n", text, access("../shared", F_OK) == 0, umask(022));

  int input = 41;
  child = clone(body, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &input);
  say("CLONE_VM | CLONE_VFORK: value %d\n", value);
  reap("  child", child);

  child = rawClone(0);
  if (child == 0) _exit(8);
  int status;
  result("wait without exit signal", waitpid(child, &status, 0));
  say("  __WCLONE: %d, status %d\n", waitpid(child, &status, __WCLONE) == child, WEXITSTATUS(status));
  child = rawClone(SIGCHLD | CLONE_PARENT);
  if (child == 0) _exit(0);
  result("CLONE_PARENT: not mine to wait for", waitpid(child, &status, 0));
  result("CLONE_SIGHAND without CLONE_VM", rawClone(SIGCHLD | CLONE_SIGHAND));
  return 0;
}
