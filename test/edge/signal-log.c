// Prints each SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1 and SIGUSR2 that it gets, and whether its sender is the process
// whose number is in the file of the first argument. Prints "ready" first. Ends with status 9 half a second after the
// last signal; with a second argument it computes meanwhile, and ends at the first signal.
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t senders[65];
static volatile sig_atomic_t counts[65];

static void note(int number, siginfo_t *info, void *context) {
  (void)context;
  senders[number] = info->si_pid;
  counts[number]++;
}

static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
enum { kNumbers = sizeof numbers / sizeof *numbers };

static int seen(void) {
  int sum = 0;
  for (int i = 0; i < kNumbers; i++) sum += counts[numbers[i]];
  return sum;
}

int main(int argc, char **argv) {
  struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
  for (int i = 0; i < kNumbers; i++) sigaction(numbers[i], &action, NULL);
  puts("ready");
  fflush(stdout);
  if (argc > 2) {
    while (seen() == 0) {
    }
  } else {
    while (seen() == 0) pause();
    // A signal cuts the sleep short, and another half second begins.
    for (int before = -1; before != seen();) {
      before = seen();
      const struct timespec half = {0, 500000000};
      nanosleep(&half, NULL);
    }
  }
  int sender = 0;
  FILE *file = fopen(argv[1], "r");
  if (file == NULL || fscanf(file, "%d", &sender) != 1) return 1;
  for (int i = 0; i < kNumbers; i++) {
    const int number = numbers[i];
    if (counts[number] == 0) continue;
    printf("SIG%s %d from %s\n", sigabbrev_np(number), (int)counts[number],
           senders[number] == sender ? "its sender" : "another");
  }
  return 9;
}
