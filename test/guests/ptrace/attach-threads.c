// What a leak checker does: a task that shares the memory attaches to all threads, reads their registers, lets go.
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "../guest.h"

enum { threads = 3 };
static pid_t ids[threads];
static pthread_barrier_t ready;
static int ends[2];

static void *blocked(void *argument) {
  ids[(long)argument] = (pid_t)syscall(SYS_gettid);
  pthread_barrier_wait(&ready);
  char byte;
  if (argument == 0)
    while (!__atomic_load_n(&ids[0], __ATOMIC_SEQ_CST) || read(ends[0], &byte, 1) < 0) continue;
  else
    need(read(ends[0], &byte, 1) == 1);
  return 0;
}

static int stopTheWorld(void *argument) {
  pid_t process = *(pid_t *)argument;
  for (int i = -1; i < threads; i++) {
    pid_t tid = i < 0 ? process : ids[i];
    int status = 0;
    result("attach", ptrace(PTRACE_ATTACH, tid, 0, 0));
    say("waited: %d\n", waitpid(tid, &status, __WALL) == tid);
    say("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
  }
  for (int i = -1; i < threads; i++) {
    struct user_regs_struct registers = {0};
    struct iovec set = {&registers, sizeof registers};
    result("registers", ptrace(PTRACE_GETREGSET, i < 0 ? process : ids[i], NT_PRSTATUS, &set));
    say("has a stack: %d\n", registers.rsp != 0);
  }
  for (int i = -1; i < threads; i++) result("detach", ptrace(PTRACE_DETACH, i < 0 ? process : ids[i], 0, 0));
  return 6;
}

int main(void) {
  pthread_t handles[threads];
  need(pipe(ends) == 0);
  pthread_barrier_init(&ready, 0, threads + 1);
  for (long i = 0; i < threads; i++) need(pthread_create(&handles[i], 0, blocked, (void *)i) == 0);
  pthread_barrier_wait(&ready);
  pid_t process = getpid();
  const size_t size = 1 << 18;
  char *stack = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pid_t tracer = clone(stopTheWorld, stack + size, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, &process);
  need(tracer > 0);
  int status = 0;
  pid_t got;
  do got = waitpid(tracer, &status, __WALL);
  while (got == -1 && errno == EINTR);
  say("tracer exited with %d\n", WEXITSTATUS(status));
  need(write(ends[1], "abc", 3) == 3);
  for (int i = 0; i < threads; i++) pthread_join(handles[i], 0);
  say("joined\n");
  return 0;
}
