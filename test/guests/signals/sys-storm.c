// A timer sends SIGSYS again and again, now and then blocked, while calls are made that stop the recorder: each call
// does what it should, and each signal is the timer's.
#include <sys/uio.h>
#include <time.h>

#include "../buffered-calls.h"

static volatile int handled;

static void onSys(int number, siginfo_t *info, void *context) {
  need(info->si_code == SI_TIMER && info->si_value.sival_int == 77);
  checkInterrupted(context);
  handled++;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = onSys, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGSYS, &action, 0);
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGSYS, .sigev_value.sival_int = 77};
  event._sigev_un._tid = gettid();
  timer_t timer;
  need(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  for (int round = 0; handled < 300; round++) {
    const int blocks = round % 4 == 3;
    if (blocks) sigprocmask(SIG_BLOCK, &set, &before);
    const int then = handled;
    for (int i = 0; i < 3; i++) {
      // Once each time: a signal may take longer to record than any period.
      const struct itimerspec soon = {{0, 0}, {0, 1000 + round % 50 * 2000}};
      need(timer_settime(timer, 0, &soon, 0) == 0);
      void *memory = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      need(memory != MAP_FAILED);
      *(volatile int *)memory = i;
      need(mprotect(memory, 4096, PROT_READ) == 0);
      need(munmap(memory, 8192) == 0);
      struct timespec little = {0, 1000};
      need(nanosleep(&little, 0) == 0 || errno == EINTR);
      someBufferedCalls();
    }
    need(!blocks || handled == then);
    if (blocks) sigprocmask(SIG_SETMASK, &before, 0);
    sigaction(SIGSYS, 0, &action);
    need(action.sa_sigaction == onSys);
  }
  say("enough\n");
  return 0;
}
