// A child sends SIGSYS again and again, now and then blocked, while calls are made that stop the recorder: each call
// does what it should, and each signal is the child's, with its value.
#include <sys/wait.h>
#include <time.h>

#include "../buffered-calls.h"

static volatile int handled;

static void onSys(int number, siginfo_t *info, void *context) {
  need(info->si_code == SI_QUEUE && info->si_value.sival_int == 77);
  checkInterrupted(context);
  handled++;
}

static void sendAll(pid_t parent) {
  const struct timespec little = {0, 20000};
  while (sigqueue(parent, SIGSYS, (union sigval){.sival_int = 77}) == 0 && getppid() == parent) nanosleep(&little, 0);
  _exit(0);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGSYS, &action, 0);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  const pid_t parent = getpid(), child = fork();
  need(child >= 0);
  if (child == 0) sendAll(parent);
  for (int round = 0; handled < 200; round++) {
    const int blocks = round % 4 == 3;
    if (blocks) {
      sigprocmask(SIG_BLOCK, &set, &before);
      sigqueue(parent, SIGSYS, (union sigval){.sival_int = 77});
    }
    const int then = handled;
    for (int i = 0; i < 3; i++) {
      void *memory = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      need(memory != MAP_FAILED);
      *(volatile int *)memory = i;
      need(mprotect(memory, 4096, PROT_READ) == 0);
      need(munmap(memory, 8192) == 0);
      someBufferedCalls();
    }
    need(!blocks || handled == then);
    if (blocks) {
      sigprocmask(SIG_SETMASK, &before, 0);
      need(handled > then);
    }
    sigaction(SIGSYS, 0, &action);
    need(action.sa_sigaction == onSys);
  }
  need(kill(child, SIGKILL) == 0 && waitpid(child, 0, 0) == child);
  say("enough\n");
  return 0;
}
