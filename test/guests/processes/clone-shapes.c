// Ways to make a task that few programs use: memory shared without being a thread, other exit signals, none, a pidfd,
// CLONE_VFORK without CLONE_VM.
#include <poll.h>
#include <sched.h>

#include "../guest.h"

static char stack[65536] __attribute__((aligned(16)));
static volatile int value;
static volatile int seenDescriptor;

static int setsValue(void *argument) {
  value = (int)(long)argument;
  return 7;
}

static int setsLate(void *argument) {
  for (int i = 0; i < 20; i++) sched_yield();
  return setsValue(argument);
}

static int looksAtDescriptor(void *descriptor) {
  seenDescriptor = *(volatile int *)descriptor >= 0;
  return 1;
}

static void onSignal(int number, siginfo_t *info, void *context) {
  say("%s: code %d, status %d\n", sigabbrev_np(number), info->si_code, info->si_status);
}

static void clones(const char *what, int (*body)(void *), long argument, int flags) {
  value = 0;
  pid_t child = clone(body, stack + sizeof stack, flags, (void *)argument);
  need(child > 0);
  int status;
  pid_t got;
  do got = waitpid(child, &status, __WALL);
  while (got == -1 && errno == EINTR);
  say("%s: reaped %d, exited with %d, value here %d\n", what, got == child, WEXITSTATUS(status), value);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSignal, .sa_flags = SA_SIGINFO};
  sigaction(SIGUSR1, &action, 0);
  clones("CLONE_VM", setsLate, 1, CLONE_VM | SIGCHLD);
  clones("shared all but the group", setsLate, 2, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGUSR1);
  clones("SIGUSR1", setsValue, 3, SIGUSR1);
  clones("no signal", setsLate, 4, CLONE_VM);
  clones("CLONE_VFORK alone", setsLate, 5, CLONE_VFORK | SIGCHLD);
  clones("CLONE_VFORK | CLONE_VM", setsLate, 6, CLONE_VFORK | CLONE_VM);
  clones("CLONE_IO | CLONE_SYSVSEM", setsValue, 7, CLONE_IO | CLONE_SYSVSEM | SIGCHLD);
  int descriptor = -1;
  pid_t child =
      clone(looksAtDescriptor, stack + sizeof stack, CLONE_PIDFD | CLONE_VM | SIGCHLD, &descriptor, &descriptor);
  struct pollfd end = {descriptor, POLLIN, 0};
  result("poll of the pidfd", poll(&end, 1, -1));
  say("  the child saw the descriptor: %d\n", seenDescriptor);
  reap("CLONE_PIDFD", child);
  result("a thread without shared handlers", syscall(SYS_clone, (long)CLONE_THREAD, 0L, 0L, 0L, 0L));
  result("CLONE_NEWNS with CLONE_FS", syscall(SYS_clone, (long)(CLONE_NEWNS | CLONE_FS | SIGCHLD), 0L, 0L, 0L, 0L));
  return 0;
}
