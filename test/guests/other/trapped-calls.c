// A seccomp filter that traps calls that would change memory or print, or ends the program for them: nothing of them
// may happen, though the kernel leaves the call's number as the result.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <ucontext.h>

#include "../guest.h"

static void onSys(int number, siginfo_t *info, void *context) {
  (void)number;
  greg_t *rax = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX];
  say("call %d trapped, rax %lld\n", info->si_syscall, *rax);
  *rax = -EXDEV;
}

int main(void) {
  // The third argument decides: 1234 is trapped, 4321 ends the process.
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1234, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4321, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO};
  need(sigaction(SIGSYS, &action, 0) == 0);
  char *pages = mmap(0, 4 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(pages != MAP_FAILED);
  memset(pages, 'x', 4 * pageSize);
  int file = patternFile("trapped", 2 * pageSize);
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0);
  result("mmap", syscall(SYS_mmap, 0L, (long)pageSize, 1234L, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L));
  result("mmap of a file", syscall(SYS_mmap, pages, (long)pageSize, 1234L, MAP_PRIVATE | MAP_FIXED, (long)file, 0L));
  result("munmap", syscall(SYS_munmap, pages, (long)pageSize, 1234L));
  result("mprotect", syscall(SYS_mprotect, pages, (long)pageSize, 1234L));
  result("madvise", syscall(SYS_madvise, pages, (long)pageSize, 1234L));
  result("mremap", syscall(SYS_mremap, pages, (long)pageSize, 1234L, MREMAP_MAYMOVE));
  result("shmat", syscall(SYS_shmat, 0L, 0L, 1234L));
  result("brk", syscall(SYS_brk, 0L, 0L, 1234L));
  result("read", syscall(SYS_read, (long)file, pages, 1234L));
  result("write", syscall(SYS_write, 1L, pages, 1234L));
  result("clone", syscall(SYS_clone, (long)SIGCHLD, 0L, 1234L, 0L, 0L));
  say("memory is as it was: %d\n", (int)(pages[0] == 'x' && pages[4 * pageSize - 1] == 'x'));
  pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    syscall(SYS_mmap, 0L, (long)pageSize, 4321L, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0L);
    _exit(0);
  }
  reap("child that maps", child);
  child = fork();
  need(child >= 0);
  if (child == 0) {
    syscall(SYS_write, 1L, pages, 4321L);
    _exit(0);
  }
  reap("child that prints", child);
  need(unlink("trapped") == 0);
  return 0;
}
