// A profiler's signal by timer_create: after each millisecond of the thread's, then of the process's processor time.
// Each asks for the next one (once.h tells why).
#include <time.h>
#include <ucontext.h>

#include "../guest.h"

static volatile unsigned long cells[64];
enum { kSamples = 40 };

static timer_t timer;
static volatile unsigned samples;
static volatile unsigned long trail;

static void askForNext(void) {
  const struct itimerspec once = {{0, 0}, {0, 1000000}};
  timer_settime(timer, 0, &once, NULL);
}

static void sample(int signal, siginfo_t *info, void *context) {
  const ucontext_t *at = context;
  const unsigned long offset = (unsigned long)at->uc_mcontext.gregs[REG_RIP] - (unsigned long)(void *)sample;
  trail = (trail ^ offset ^ cells[samples % 64] ^ (unsigned long)info->si_code) * 0x100000001b3UL;
  if (++samples < kSamples) askForNext();
}

static void computeUnder(clockid_t clock) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
  if (timer_create(clock, &event, &timer) != 0) _exit(97);
  samples = 0;
  askForNext();
  for (unsigned long i = 0; samples < kSamples && i < 100000000; i++) cells[i * 7 % 64] += i ^ cells[i % 64];
  timer_delete(timer);
  say("%u samples, %lx %lx\n", samples, trail, cells[5]);
}

int main(void) {
  struct sigaction action = {.sa_sigaction = sample, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGPROF, &action, NULL);
  computeUnder(CLOCK_THREAD_CPUTIME_ID);
  computeUnder(CLOCK_PROCESS_CPUTIME_ID);
  return samples == 0;
}
