// Makes some system calls that are recorded without a stop, and computes until a signal interrupts it.
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

static volatile unsigned value = 1;
static volatile char computes;
static volatile sig_atomic_t over;

static void end(int number) { over = number; }

int main(void) {
  signal(SIGALRM, end);
  const struct itimerval once = {.it_value = {.tv_sec = 1}};
  if (setitimer(ITIMER_REAL, &once, NULL) != 0) return 1;
  for (int call = 0; call < 3000; call++) value += (unsigned)getppid();
  computes = 1;
  while (!over) value = value * 1664525u + 1013904223u;
  printf("%u\n", value);
  return 0;
}
