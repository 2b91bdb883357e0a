#include "launcher/record-stub.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "launcher/kernel-action.h"
#include "layout.h"

// Where our own system call instructions leave rip: that of the tracer's calls, and that of the in-tracee runtime's.
#define AFTER_UNTRACED_SYSCALL (RR_UNTRACED + 2)
#define AFTER_UNTRACED_RETURNING (RR_UNTRACED_RETURNING + 2)

// Passes the calls made from our own instructions, and those by which a new program maps our memory
// (RR_SET_UP_MARK_LOW); everything else stops for the tracer. Data 1 tells the tracer that the call is not of the
// x86-64 table (int 0x80, or x32).
static const struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0, 5),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AFTER_UNTRACED_RETURNING, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AFTER_UNTRACED_SYSCALL, 0, 4),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 2),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | RR_VERDICT_OTHER),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RR_SET_UP_MARK_LOW, 0, 5),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4]) + 4),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, RR_SET_UP_MARK_HIGH, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 2, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | RR_VERDICT_NATIVE),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

// Where the words for the program begin.
enum { kProgram = 10, kArguments = 11 };

static int reportDescriptor;

static void fail(int step) {
  struct LaunchReport report = {step, errno};
  // The tracer sees the exit whether or not the report got through.
  ssize_t written = write(reportDescriptor, &report, sizeof report);
  _exit(written == (ssize_t)sizeof report ? 127 : 126);
}

static int tryFilter(void) {
  const struct sock_fprog program = {sizeof filter / sizeof filter[0], (struct sock_filter *)filter};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0) return 0;
  // A container's profile may know the older door only.
  if (errno != EPERM && errno != ENOSYS) return -1;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static int installFilter(void) {
  if (tryFilter() == 0) return 0;
  // Without CAP_SYS_ADMIN a filter needs no_new_privs (seccomp(2)); with it, set-user-id programs keep working.
  if (errno != EACCES || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return tryFilter();
}

// Makes rdtsc trap, and tries it: the tracer learns whether that works, and skips the instruction if it does
// (native/record/signals.cc). Where it does not, the kernel need not change a setting of the processor's at each switch
// between the program and others for nothing.
static void trapTime(void) {
  if (prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) != 0) fail(kLaunchTsc);
  uint64_t stamp = 0;
  uint64_t upper = 0;
  __asm__ volatile("rdtsc" : "+a"(stamp), "+d"(upper));
  const int trapped = stamp == 0 && upper == 0;
  if (!trapped && prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0) != 0) fail(kLaunchTsc);
}

// For the programs that it becomes and makes (native/record/personality.cc). Where a container's profile refuses the
// call, addresses stay as they are.
static void fixAddresses(void) {
  const int current = personality(0xffffffff);
  if (current >= 0) personality((unsigned long)(unsigned)current | ADDR_NO_RANDOMIZE);
}

// Whether a file that the kernel does not know how to execute may be a script: text, to its first line's end. So does
// bash tell.
static int mayBeScript(const char *path) {
  char start[128];
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t length = read(file, start, sizeof start);
  close(file);
  for (ssize_t i = 0; i < length && start[i] != '\n'; i++) {
    if (start[i] == 0) return 0;
  }
  return length >= 0;
}

int runRecordStub(int argc, char **argv) {
  if (argc < kArguments + 1) return 2;
  const int ready = atoi(argv[1]);
  reportDescriptor = atoi(argv[2]);
  const uint64_t ignored = strtoull(argv[3], NULL, 16);
  const uint64_t blocked = strtoull(argv[4], NULL, 16);
  const struct rlimit files = {strtoull(argv[5], NULL, 16), strtoull(argv[6], NULL, 16)};
  const unsigned closed = (unsigned)strtoul(argv[7], NULL, 16);
  const int trapsTime = atoi(argv[8]);
  const int fixesAddresses = atoi(argv[9]);
  const char *program = argv[kProgram];

  char byte;
  ssize_t got;
  do {
    got = read(ready, &byte, 1);
  } while (got < 0 && errno == EINTR);
  if (got != 1) return 1;  // the recorder is gone
  close(ready);
  fcntl(reportDescriptor, F_SETFD, FD_CLOEXEC);

  for (int number = 1; number <= 64; number++) {
    const struct KernelAction action = {(uint64_t)((ignored >> (number - 1)) & 1 ? SIG_IGN : SIG_DFL), 0, 0, 0};
    syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask);
  }
  setrlimit(RLIMIT_NOFILE, &files);
  for (int descriptor = 0; descriptor < 3; descriptor++) {
    if ((closed >> descriptor) & 1) close(descriptor);
  }
  // A thread of Node's has SS_DISABLE in its alternate stack's flags, which survives exec and shows in signal frames; a
  // process that a shell starts has none. exec clears the stack itself.
  static char alternateStack[8192];
  const stack_t stack = {alternateStack, 0, sizeof alternateStack};
  sigaltstack(&stack, NULL);
  if (fixesAddresses) fixAddresses();
  if (trapsTime) trapTime();
  if (installFilter() != 0) fail(kLaunchSeccomp);
  // From here on each system call stops; the recorder lets them pass until the program is there.
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, 8);
  execve(program, argv + kArguments, environ);
  const int refusal = errno;
  if (refusal == ENOEXEC && mayBeScript(program)) {
    // A script without an interpreter line: shells run it themselves, and so does execvp(3).
    char **shellArguments = argv + kArguments - 1;
    shellArguments[0] = (char *)"/bin/sh";
    shellArguments[1] = (char *)program;
    execve(shellArguments[0], shellArguments, environ);
  }
  errno = refusal;
  fail(kLaunchExec);
  return 127;
}
