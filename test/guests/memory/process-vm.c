// process_vm_readv and process_vm_writev between parent and child.
#include <sys/uio.h>

#include "../guest.h"

static char text[32] = "original";

int main(void) {
  int ready[2], go[2];
  need(pipe(ready) == 0 && pipe(go) == 0);
  pid_t child = fork();
  char byte = 0;
  if (child == 0) {
    dieWithParent();
    strcpy(text, "of the child");
    need(write(ready[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1);
    say("child has: %s\n", text);
    _exit(0);
  }
  need(read(ready[0], &byte, 1) == 1);
  char *copy = pageEnd(13);
  struct iovec local = {copy, 13}, remote = {text, 13};
  result("process_vm_readv", syscall(SYS_process_vm_readv, poisoned(child), &local, 1L, &remote, 1L, 0L));
  say("  %s\n", copy);
  strcpy(copy, "by parent");
  result("process_vm_writev", syscall(SYS_process_vm_writev, poisoned(child), &local, 1L, &remote, 1L, 0L));
  remote.iov_base = badAddress();
  result("remote bad address", syscall(SYS_process_vm_readv, poisoned(child), &local, 1L, &remote, 1L, 0L));
  need(write(go[1], &byte, 1) == 1);
  reap("child", child);
  result("gone", syscall(SYS_process_vm_readv, poisoned(child), &local, 1L, &remote, 1L, 0L));
  return 0;
}
