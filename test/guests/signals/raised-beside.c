// A thread sends itself a signal; another, which it has woken just before, makes the program ignore that signal soon
// after. What a thread sends itself acts before the call returns: the other cannot come in between.
#include <pthread.h>

#include "../guest.h"

enum { kRounds = 50 };

static int request[2], answer[2];
static volatile sig_atomic_t received;

static void onSignal(int number) { received++; }

static void *ignores(void *nothing) {
  for (char byte; read(request[0], &byte, 1) == 1;) {
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR1, onSignal);
    if (write(answer[1], &byte, 1) != 1) break;
  }
  return nothing;
}

int main(void) {
  if (pipe(request) != 0 || pipe(answer) != 0) return 1;
  signal(SIGUSR1, onSignal);
  pthread_t thread;
  if (pthread_create(&thread, 0, ignores, 0) != 0) return 1;
  for (int way = 0; way < 2; way++) {
    received = 0;
    for (int round = 0; round < kRounds; round++) {
      char byte = 'x';
      if (write(request[1], &byte, 1) != 1) return 1;
      if (way == 0) {
        raise(SIGUSR1);
      } else {
        kill(getpid(), SIGUSR1);
      }
      if (read(answer[0], &byte, 1) != 1) return 1;
    }
    // Two processors may come in between now and then.
    say("%s: %s\n", way == 0 ? "raise" : "kill", received >= kRounds / 5 ? "received" : "lost");
  }
  close(request[1]);
  pthread_join(thread, 0);
  return 0;
}
