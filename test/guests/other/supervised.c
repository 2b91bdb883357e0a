// Seccomp filters that ask others: a supervisor that answers calls (SECCOMP_RET_USER_NOTIF), and a tracer where there
// is none (SECCOMP_RET_TRACE).
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>

#include "../guest.h"

static int filter(unsigned call, unsigned verdict, int flags) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, verdict),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof code[0], code};
  return syscall(SYS_seccomp, poisoned(SECCOMP_SET_MODE_FILTER), (long)flags, &program);
}

static void supervised(int pipe) {
  char lines[200];
  int length = sprintf(lines, "answered %ld\n", syscall(SYS_getpgid, 0L));
  long refused = syscall(SYS_getpgid, 0L);
  length += sprintf(lines + length, "refused %ld %s\n", refused, strerrorname_np(errno));
  length += sprintf(lines + length, "made %d\n", syscall(SYS_getpgid, 0L) > 0);
  _exit(write(pipe, lines, length) != length);
}

int main(void) {
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  result("filter for a tracer", filter(SYS_getppid, SECCOMP_RET_TRACE, 0));
  result("getppid", syscall(SYS_getppid));
  int listener = filter(SYS_getpgid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
  need(listener >= 0);
  int ends[2];
  need(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) supervised(ends[1]);
  const struct seccomp_notif_resp answers[] = {
      {.val = 4242}, {.error = -EXDEV}, {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE}};
  for (int i = 0; i < 3; i++) {
    struct seccomp_notif asked = {0};
    result("asked", ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &asked));
    say("  call %d of the child %d\n", asked.data.nr, asked.pid == (unsigned)child);
    struct seccomp_notif_resp answer = answers[i];
    answer.id = asked.id;
    result("answer", ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer));
  }
  reap("child", child);
  char lines[200] = {0};
  need(read(ends[0], lines, sizeof lines - 1) > 0);
  say("%s", lines);
  return 0;
}
