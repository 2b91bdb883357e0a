// Runs a command that may not make certain system calls, as a container's profile has it:
//
//   refuse CALL[=ANSWER][,CALL...] COMMAND...
//
// The calls get EPERM, or another answer, in the command and in all that it starts: ANSWER is ENOSYS or EIO, TRAP
// (SIGSYS) or KILL. CALL is the name of a system call, one of some options of prctl(2) (`prctl-seccomp`, `prctl-tsc`,
// `prctl-dispatch`) and ptrace(2) (`ptrace-dispatch`), or `container`: what Docker's default profile refuses to
// a container without capabilities (and clone3, with ENOSYS). Exit status 125: the filter cannot be installed.
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

enum { kAnyOption = -1, kMostInstructions = 512 };

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
    {"sched_setaffinity", SYS_sched_setaffinity, kAnyOption},
    {"timer_create", SYS_timer_create, kAnyOption},
    {"close_range", SYS_close_range, kAnyOption},
    {"clone3", SYS_clone3, kAnyOption},
    {"rseq", SYS_rseq, kAnyOption},
    {"membarrier", SYS_membarrier, kAnyOption},
    {"statx", SYS_statx, kAnyOption},
    {"acct", SYS_acct, kAnyOption},
    {"add_key", SYS_add_key, kAnyOption},
    {"bpf", SYS_bpf, kAnyOption},
    {"clock_settime", SYS_clock_settime, kAnyOption},
    {"fanotify_init", SYS_fanotify_init, kAnyOption},
    {"get_mempolicy", SYS_get_mempolicy, kAnyOption},
    {"io_uring_enter", SYS_io_uring_enter, kAnyOption},
    {"io_uring_register", SYS_io_uring_register, kAnyOption},
    {"io_uring_setup", SYS_io_uring_setup, kAnyOption},
    {"ioperm", SYS_ioperm, kAnyOption},
    {"iopl", SYS_iopl, kAnyOption},
    {"keyctl", SYS_keyctl, kAnyOption},
    {"mbind", SYS_mbind, kAnyOption},
    {"mount", SYS_mount, kAnyOption},
    {"move_pages", SYS_move_pages, kAnyOption},
    {"name_to_handle_at", SYS_name_to_handle_at, kAnyOption},
    {"open_by_handle_at", SYS_open_by_handle_at, kAnyOption},
    {"pidfd_getfd", SYS_pidfd_getfd, kAnyOption},
    {"pivot_root", SYS_pivot_root, kAnyOption},
    {"process_madvise", SYS_process_madvise, kAnyOption},
    {"quotactl", SYS_quotactl, kAnyOption},
    {"reboot", SYS_reboot, kAnyOption},
    {"request_key", SYS_request_key, kAnyOption},
    {"set_mempolicy", SYS_set_mempolicy, kAnyOption},
    {"setns", SYS_setns, kAnyOption},
    {"swapon", SYS_swapon, kAnyOption},
    {"syslog", SYS_syslog, kAnyOption},
    {"umount2", SYS_umount2, kAnyOption},
    {"unshare", SYS_unshare, kAnyOption},
    {"vhangup", SYS_vhangup, kAnyOption},
    {"prctl-seccomp", SYS_prctl, PR_SET_SECCOMP},
    {"prctl-tsc", SYS_prctl, PR_SET_TSC},
    {"prctl-dispatch", SYS_prctl, 59},        // PR_SET_SYSCALL_USER_DISPATCH
    {"ptrace-dispatch", SYS_ptrace, 0x4210},  // PTRACE_SET_SYSCALL_USER_DISPATCH_CONFIG
    {"getpgid", SYS_getpgid, kAnyOption},
    {"getsid", SYS_getsid, kAnyOption},
};

static const struct {
  const char *name;
  unsigned verdict;
} answers[] = {
    {"EPERM", SECCOMP_RET_ERRNO | EPERM}, {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS}, {"EIO", SECCOMP_RET_ERRNO | EIO},
    {"TRAP", SECCOMP_RET_TRAP | 7},       {"KILL", SECCOMP_RET_KILL_PROCESS},
};

static unsigned verdictOf(const char *answer) {
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    if (strcmp(answers[i].name, answer) == 0) return answers[i].verdict;
  }
  fprintf(stderr, "refuse: unknown answer %s\n", answer);
  exit(125);
}

// moby/profiles/seccomp: everything that its default list does not name, as far as this architecture has it.
static const int container[] = {
    SYS_acct,
    SYS_add_key,
    SYS_bpf,
    SYS_clock_adjtime,
    SYS_clock_settime,
    SYS_delete_module,
    SYS_fanotify_init,
    SYS_finit_module,
    SYS_fsconfig,
    SYS_fsmount,
    SYS_fsopen,
    SYS_fspick,
    SYS_get_mempolicy,
    SYS_init_module,
    SYS_ioperm,
    SYS_iopl,
    SYS_io_uring_enter,
    SYS_io_uring_setup,
    SYS_kcmp,
    SYS_kexec_file_load,
    SYS_kexec_load,
    SYS_keyctl,
    SYS_lookup_dcookie,
    SYS_mbind,
    SYS_mount,
    SYS_mount_setattr,
    SYS_move_mount,
    SYS_move_pages,
    SYS_nfsservctl,
    SYS_open_by_handle_at,
    SYS_open_tree,
    SYS_perf_event_open,
    SYS_pidfd_getfd,
    SYS_pivot_root,
    SYS_process_madvise,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_quotactl,
    SYS_reboot,
    SYS_request_key,
    SYS_set_mempolicy,
    SYS_setdomainname,
    SYS_sethostname,
    SYS_setns,
    SYS_settimeofday,
    SYS_swapoff,
    SYS_swapon,
    SYS_syslog,
    SYS_umount2,
    SYS_unshare,
    SYS_userfaultfd,
    SYS_vhangup,
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

static void refuse(int number, int option, unsigned verdict) {
  const struct sock_filter loadNumber = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  const struct sock_filter loadOption = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));
  const struct sock_filter answer = BPF_STMT(BPF_RET | BPF_K, verdict);
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
    fprintf(stderr, "usage: %s CALL[=ANSWER][,CALL...] COMMAND...\n", argv[0]);
    return 125;
  }
  // The calls of other tables (int 0x80) pass: what is tested here makes none.
  add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0));
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  for (char *name = strtok(argv[1], ","); name != NULL; name = strtok(NULL, ",")) {
    if (strcmp(name, "container") == 0) {
      for (size_t i = 0; i < sizeof container / sizeof *container; i++) {
        refuse(container[i], kAnyOption, verdictOf("EPERM"));
      }
      refuse(SYS_clone3, kAnyOption, verdictOf("ENOSYS"));
      continue;
    }
    char *answer = strchr(name, '=');
    if (answer != NULL) *answer++ = 0;
    size_t i = 0;
    while (i < sizeof calls / sizeof *calls && strcmp(calls[i].name, name) != 0) i++;
    if (i == sizeof calls / sizeof *calls) {
      fprintf(stderr, "refuse: unknown call %s\n", name);
      return 125;
    }
    refuse(calls[i].number, calls[i].option, verdictOf(answer != NULL ? answer : "EPERM"));
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
