// Runs a command that may not make certain system calls, as a container's profile has it:
//
//   refuse CALL[,CALL...] COMMAND...
//
// The calls get EPERM, in the command and in all that it starts. CALL is the name of a system call, `prctl-seccomp` or
// `prctl-tsc` for the two options of prctl(2). Exit status 125: the filter cannot be installed.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kAnyOption = -1, kMostInstructions = 256 };

static const struct {
  const char *name;
  int number;
  int option;  // first argument, or kAnyOption
} calls[] = {
    {"ptrace", SYS_ptrace, kAnyOption},
    {"seccomp", SYS_seccomp, kAnyOption},
    {"personality", SYS_personality, kAnyOption},
    {"perf_event_open", SYS_perf_event_open, kAnyOption},
    {"userfaultfd", SYS_userfaultfd, kAnyOption},
    {"kcmp", SYS_kcmp, kAnyOption},
    {"process_vm_readv", SYS_process_vm_readv, kAnyOption},
    {"process_vm_writev", SYS_process_vm_writev, kAnyOption},
    {"prctl-seccomp", SYS_prctl, PR_SET_SECCOMP},
    {"prctl-tsc", SYS_prctl, PR_SET_TSC},
};

static struct sock_filter filter[kMostInstructions];
static unsigned short length;

static void add(struct sock_filter instruction) {
  if (length == kMostInstructions) {
    fputs("refuse: too many calls\n", stderr);
    exit(125);
  }
  filter[length++] = instruction;
}

static void refuse(int number, int option) {
  const struct sock_filter loadNumber = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  const struct sock_filter loadOption = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));
  const struct sock_filter answer = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  const unsigned char skipped = option == kAnyOption ? 1 : 3;
  add(loadNumber);
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, skipped));
  if (option != kAnyOption) {
    add(loadOption);
    add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)option, 0, 1));
  }
  add(answer);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s CALL[,CALL...] COMMAND...\n", argv[0]);
    return 125;
  }
  // The calls of other tables (int 0x80) pass: what is tested here makes none.
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  for (char *name = strtok(argv[1], ","); name != NULL; name = strtok(NULL, ",")) {
    size_t i = 0;
    while (i < sizeof calls / sizeof *calls && strcmp(calls[i].name, name) != 0) i++;
    if (i == sizeof calls / sizeof *calls) {
      fprintf(stderr, "refuse: unknown call %s\n", name);
      return 125;
    }
    refuse(calls[i].number, calls[i].option);
  }
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const struct sock_fprog program = {length, filter};
  // A container's profile is installed with privilege, so that no_new_privs stays off; without it that is not possible.
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
      perror("refuse: seccomp");
      return 125;
    }
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
