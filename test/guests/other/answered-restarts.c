// Calls that a seccomp filter or a supervisor answers with the kernel's own codes for a restart (512 to 516): without a
// signal the program gets them, and they are not made again.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include "../guest.h"

enum { firstCode = 512, lastCode = 516 };

static volatile sig_atomic_t handled;

static void handle(int signal) {
  (void)signal;
  handled++;
}

// getpgid(n) is answered with n; getsid is left to a supervisor.
static int installFilter(void) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
      BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, (long)SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

static void tell(const char *what, int code, long got) {
  say("%s %d: %ld, errno %d, %d signals\n", what, code, got, errno, (int)handled);
}

static void supervised(void) {
  for (int code = firstCode; code <= lastCode; code++) {
    errno = 0;
    const long got = syscall(SYS_getsid, (long)code);
    tell("supervisor", code, got);
    raise(SIGUSR1);
  }
  _exit(0);
}

int main(void) {
  struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART};
  need(sigaction(SIGUSR1, &action, 0) == 0);
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  const int listener = installFilter();
  need(listener >= 0);
  for (int code = firstCode; code <= lastCode; code++) {
    errno = 0;
    const long got = syscall(SYS_getpgid, (long)code);
    tell("filter", code, got);
    raise(SIGUSR1);
  }
  const pid_t child = fork();
  need(child >= 0);
  if (child == 0) supervised();
  for (int code = firstCode; code <= lastCode; code++) {
    struct seccomp_notif asked = {0};
    need(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) == 0);
    const struct seccomp_notif_resp answer = {.id = asked.id, .error = -code};
    need(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0);
  }
  reap("child", child);
  return 0;
}
