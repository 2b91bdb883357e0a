// A program's own seccomp filter is asked first, also about calls that a recorder would answer by itself.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>

#include "../guest.h"

enum { refusal = 99 };

static const struct {
  const char *name;
  int number;
  long first;
} calls[] = {
    {"sched_setaffinity", SYS_sched_setaffinity, 0},
    {"sched_getaffinity", SYS_sched_getaffinity, 0},
    {"sched_setscheduler", SYS_sched_setscheduler, 0},
    {"setpriority", SYS_setpriority, 0},
    {"getcpu", SYS_getcpu, 0},
    {"io_setup", SYS_io_setup, 1},
    {"rseq", SYS_rseq, 0},
    {"io_uring_setup", SYS_io_uring_setup, 1},
    {"process_madvise", SYS_process_madvise, -1},
    {"userfaultfd", SYS_userfaultfd, 0},
    {"remap_file_pages", SYS_remap_file_pages, 0},
    {"memfd_secret", 447, 0},
    {"ptrace", SYS_ptrace, PTRACE_TRACEME},
    {"prctl", SYS_prctl, PR_SET_TSC},
    {"mmap", SYS_mmap, 0},
    {"munmap", SYS_munmap, 0x70000000},
    {"mremap", SYS_mremap, 0x70000000},
};

int main(void) {
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    const pid_t child = fork();
    need(child >= 0);
    if (child == 0) {
      struct sock_filter code[] = {
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | refusal),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      };
      struct sock_fprog program = {sizeof code / sizeof code[0], code};
      need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
      need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0);
      const long got = syscall(calls[i].number, calls[i].first, pageSize, PROT_READ, MAP_ANONYMOUS, 0, 0);
      say("%s: %ld, errno %d\n", calls[i].name, got, got == -1 ? errno : 0);
      _exit(0);
    }
    int status;
    need(waitpid(child, &status, 0) == child && status == 0);
  }
  return 0;
}
