// A seccomp filter that answers a call without the kernel: "done" (SECCOMP_RET_ERRNO with 0), though nothing was done,
// or an error. Build containers that play root answer so, and sandboxes.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/shm.h>

#include "../guest.h"

static char *memory;

static void answer(int call, int error) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
}

// Raw results: the C library would say that 0 is a mapping.
static void use(const char *what, int call, long a, long b, long c, long d, long e, long f) {
  const long got = syscall(call, a, b, c, d, e, f);
  if (got == -1) {
    result(what, got);
  } else {
    say("%s = %ld, %s\n", what, got, memory);
  }
}

static void inChild(const char *what, void (*body)(int), int error) {
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) {
    body(error);
    memory[0] = 'S';
    say("%s\n", memory);
    _exit(0);
  }
  reap(what, child);
}

static void fakeUnmap(int error) {
  answer(SYS_munmap, error);
  use("munmap", SYS_munmap, (long)memory, pageSize, 0, 0, 0, 0);
}

static void fakeProtect(int error) {
  answer(SYS_mprotect, error);
  use("mprotect", SYS_mprotect, (long)memory, pageSize, PROT_NONE, 0, 0, 0);
}

static void fakeAdvise(int error) {
  answer(SYS_madvise, error);
  use("madvise", SYS_madvise, (long)memory, pageSize, MADV_DONTNEED, 0, 0, 0);
}

static void fakeMove(int error) {
  answer(SYS_mremap, error);
  use("mremap", SYS_mremap, (long)memory, pageSize, 2 * pageSize, MREMAP_MAYMOVE, 0, 0);
}

static void fakeMap(int error) {
  answer(SYS_mmap, error);
  use("mmap", SYS_mmap, 0, pageSize, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  use("mmap there", SYS_mmap, (long)memory, pageSize, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void fakeBreak(int error) {
  char *now = sbrk(0);
  answer(SYS_brk, error);
  use("brk", SYS_brk, (long)(now + 2 * pageSize), 0, 0, 0, 0, 0);
}

static void fakeDetach(int error) {
  const int id = shmget(IPC_PRIVATE, pageSize, 0600);
  char *segment = shmat(id, 0, 0);
  need(id >= 0 && segment != (char *)-1 && shmctl(id, IPC_RMID, 0) == 0);
  strcpy(segment, "attached");
  answer(SYS_shmdt, error);
  use("shmdt", SYS_shmdt, (long)segment, 0, 0, 0, 0, 0);
  say("%s\n", segment);
}

static void fakeMasks(int error) {
  answer(SYS_set_robust_list, error);
  use("set_robust_list", SYS_set_robust_list, 8, 24, 0, 0, 0, 0);
  long none[3];
  need(syscall(SYS_get_robust_list, 0, none, none + 1) == 0);
}

static void fakeFork(int error) {
  answer(SYS_fork, error);
  use("fork", SYS_fork, 0, 0, 0, 0, 0, 0);
  result("wait", wait(0));
}

static void fakeExit(int error) {
  answer(SYS_exit_group, error);
  use("exit_group", SYS_exit_group, 3, 0, 0, 0, 0, 0);
  memory[0] = 'S';
  say("%s\n", memory);
  syscall(SYS_exit, 4);
}

static void withError(int error) {
  say("answered with %d\n", error);
  inChild("munmap", fakeUnmap, error);
  inChild("mprotect", fakeProtect, error);
  inChild("madvise", fakeAdvise, error);
  inChild("mremap", fakeMove, error);
  inChild("mmap", fakeMap, error);
  inChild("brk", fakeBreak, error);
  inChild("shmdt", fakeDetach, error);
  inChild("robust list", fakeMasks, error);
  inChild("fork", fakeFork, error);
  inChild("exit_group", fakeExit, error);
}

int main(void) {
  memory = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(memory != MAP_FAILED);
  strcpy(memory, "still here");
  withError(0);
  withError(ENOMEM);
  withError(EINVAL);
  return 0;
}
