// clone3 with its structure at the end of a page; a pidfd asked for; structures that are wrong.
// Where the call is not offered (a recording) it says so and ends.
#include <linux/sched.h>
#include <poll.h>

#include "../guest.h"

int main(void) {
  struct clone_args *arguments = pageEnd(CLONE_ARGS_SIZE_VER0);
  int *descriptor = pageEnd(sizeof *descriptor);
  pid_t *tid = pageEnd(sizeof *tid);
  memset(arguments, 0, CLONE_ARGS_SIZE_VER0);
  arguments->flags = CLONE_PIDFD | CLONE_PARENT_SETTID;
  arguments->pidfd = (uintptr_t)descriptor;
  arguments->parent_tid = (uintptr_t)tid;
  arguments->exit_signal = SIGCHLD;
  pid_t child = syscall(SYS_clone3, arguments, (long)CLONE_ARGS_SIZE_VER0);
  if (child == 0) _exit(12);
  if (child == -1 && errno == ENOSYS) {
    say("not offered\n");
    return 0;
  }
  need(child > 0);
  say("tid %d, descriptor %d\n", *tid == child, *descriptor);
  struct pollfd wait = {*descriptor, POLLIN, 0};
  result("poll", poll(&wait, 1, -1));
  reap("child", child);
  result("too small", syscall(SYS_clone3, arguments, 8L));
  result("bad address", syscall(SYS_clone3, badAddress(), (long)CLONE_ARGS_SIZE_VER0));
  arguments->flags = 0xff;
  result("exit signal among the flags", syscall(SYS_clone3, arguments, (long)CLONE_ARGS_SIZE_VER0));
  return 0;
}
