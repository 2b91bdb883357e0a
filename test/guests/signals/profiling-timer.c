// A profiler's signal each millisecond of processor time, ITIMER_PROF, while a program computes: each sample tells
// where it was, and how far, so that every one must come at the same point again.
#include <ucontext.h>

#include "../once.h"

enum { kSamples = 60, kSoon = 1000 };

static volatile unsigned long counter;
static volatile unsigned samples;
static volatile unsigned long trail;

static void sample(int signal, siginfo_t *info, void *context) {
  const ucontext_t *at = context;
  const unsigned long offset = (unsigned long)at->uc_mcontext.gregs[REG_RIP] - (unsigned long)(void *)sample;
  trail = (trail ^ offset ^ counter ^ (unsigned long)at->uc_mcontext.gregs[REG_RAX]) * 0x100000001b3UL;
  if (++samples < kSamples) signalOnce(ITIMER_PROF, kSoon);
}

__attribute__((noinline)) static unsigned long mix(unsigned long value) {
  for (int i = 0; i < 2000; i++) value = (value ^ value >> 29) * 0xbf58476d1ce4e5b9UL + (unsigned)i;
  return value;
}

int main(void) {
  struct sigaction action = {.sa_sigaction = sample, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGPROF, &action, NULL);
  signalOnce(ITIMER_PROF, kSoon);
  unsigned long sum = 1;
  while (samples < kSamples && counter < 4000000) {
    sum = mix(sum);
    for (int i = 0; i < 50; i++) counter++;
  }
  signalOnce(ITIMER_PROF, 0);
  say("%u samples, %lx %lx %lu\n", samples, trail, sum, counter);
  return samples == 0;
}
