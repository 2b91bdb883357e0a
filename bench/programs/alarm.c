// A loop that computes until an interval timer has rung 25 times, 10 ms apart.
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>

static volatile sig_atomic_t rings;

static void ring(int signal) {
  (void)signal;
  rings++;
}

int main(void) {
  struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, 0);
  struct itimerval often = {{0, 10000}, {0, 10000}};
  setitimer(ITIMER_REAL, &often, 0);
  volatile uint64_t value = 1;
  while (rings < 25) value = value * 6364136223846793005ULL + 1442695040888963407ULL;
  return 0;
}
