// build: -pthread
// Seccomp filters of the program's own, installed when its calls are buffered already: they judge what the program
// calls, and nothing else; also for all threads at once, and for calls that the recorder itself makes.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>

#include "../buffered-calls.h"

static volatile int traps;
static volatile int installed, ready;

static void onSys(int number, siginfo_t *info, void *context) {
  traps++;
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EXDEV;
}

static void install(unsigned verdict, unsigned flags) {
  static const unsigned judged[] = {SYS_poll, SYS_fcntl, SYS_getpid, SYS_process_vm_readv, SYS_getppid};
  struct sock_filter program[16] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
  int at = 1;
  for (int i = 0; i < 5; i++) {
    program[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, judged[i], 0, 1);
    program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, verdict);
  }
  program[at++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog filter = {(unsigned short)at, program};
  need(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  need(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter) == 0);
}

static void transfers(void) {
  int ends[2];
  char bytes[32];
  need(pipe(ends) == 0);
  for (int i = 0; i < 5; i++) {
    need(write(ends[1], "hello", 5) == 5);
    need(read(ends[0], bytes, sizeof bytes) == 5);
  }
  close(ends[0]);
  close(ends[1]);
}

static void *work(void *nothing) {
  transfers();
  ready = 1;
  while (!installed) transfers();
  transfers();
  result("thread: getppid", getppid());
  return 0;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO};
  sigaction(SIGSYS, &action, 0);
  for (int i = 0; i < 5; i++) getppid();
  transfers();
  static const unsigned verdicts[] = {SECCOMP_RET_ERRNO | 77, SECCOMP_RET_TRAP | 3, SECCOMP_RET_KILL_PROCESS};
  for (int i = 0; i < 3; i++) {
    const pid_t child = fork();
    if (child == 0) {
      install(verdicts[i], 0);
      transfers();
      for (int j = 0; j < 3; j++) result("getppid", getppid());
      say("%d traps\n", traps);
      const pid_t grandchild = fork();
      if (grandchild == 0) {
        transfers();
        execl("/bin/true", "true", NULL);
      }
      reap("grandchild", grandchild);
      _exit(0);
    }
    reap("child", child);
  }
  for (int i = 0; i < 2; i++) {
    const pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      need(pthread_create(&thread, 0, work, 0) == 0);
      while (!ready) transfers();
      install(verdicts[i], SECCOMP_FILTER_FLAG_TSYNC);
      installed = 1;
      transfers();
      pthread_join(thread, 0);
      _exit(0);
    }
    reap("child with thread", child);
  }
  return 0;
}
