// A wait for a thread of a traced process: a handler breaks it off, one with SA_RESTART does not.
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/time.h>

#include "../guest.h"

static pid_t child, thread;
static int told[2], go[2];
static volatile int handled;

static void *blocked(void *argument) {
  (void)argument;
  const pid_t self = (pid_t)syscall(SYS_gettid);
  char byte;
  need(write(told[1], &self, sizeof self) == sizeof self);
  need(read(go[0], &byte, 1) == 1);
  return 0;
}

static void breakOff(int signal) {
  (void)signal;
  handled++;
}

static void makeStop(int signal) {
  (void)signal;
  handled++;
  need(syscall(SYS_tgkill, child, thread, SIGUSR2) == 0);
}

static void waitAlarmed(void (*handler)(int), int flags) {
  const struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
  need(sigaction(SIGALRM, &action, 0) == 0);
  const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
  need(setitimer(ITIMER_REAL, &soon, 0) == 0);
  int status = 0;
  const pid_t got = waitpid(thread, &status, __WALL);
  if (got == -1)
    result("wait", got);
  else
    say("got it: %d, stopped by SIG%s\n", got == thread, sigabbrev_np(WSTOPSIG(status)));
  say("handled %d\n", handled);
}

int main(void) {
  need(pipe(told) == 0 && pipe(go) == 0);
  child = fork();
  need(child >= 0);
  if (child == 0) {
    dieWithParent();
    pthread_t handle;
    need(pthread_create(&handle, 0, blocked, 0) == 0);
    pthread_join(handle, 0);
    _exit(5);
  }
  need(read(told[0], &thread, sizeof thread) == sizeof thread);
  need(ptrace(PTRACE_SEIZE, thread, 0, 0) == 0);
  for (int round = 0; round < 3; round++) {
    waitAlarmed(breakOff, 0);
    waitAlarmed(makeStop, SA_RESTART);
    need(ptrace(round < 2 ? PTRACE_CONT : PTRACE_DETACH, thread, 0, 0) == 0);
  }
  need(write(go[1], "g", 1) == 1);
  reap("child", child);
  return 0;
}
