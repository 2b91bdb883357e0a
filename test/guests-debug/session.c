// What a first session with a debugger looks at: a loop of calls, a text, numbers, a thread, a signal, a failed call.
// build: -pthread
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

int counter;
double grown;
float half;
__thread int own = 3;
char text[32];

static void onUser(int signal) { counter += 100 * (signal == SIGUSR1); }

static int twice(int value) { return value * 2; }

static void *work(void *argument) {
  own = 7;
  counter++;
  return argument;  // the thread
}

static int grow(int number) {
  char local[8];
  strcpy(local, "step");
  counter += number;  // the counter
  grown = grown * 1.5 + number;
  half = (float)grown / 2;
  snprintf(text, sizeof text, "step%d", number);
  return counter + local[0];
}

int main(void) {
  signal(SIGUSR1, onUser);
  pthread_t thread;
  pthread_create(&thread, NULL, work, NULL);
  pthread_join(thread, NULL);
  for (int number = 0; number < 5; number++) {
    grow(number);
    printf("number %d\n", number);
    fflush(stdout);
  }
  raise(SIGUSR1);
  if (open("/proc/nonexistent", O_RDONLY) < 0) counter += errno;
  printf("counter %d grown %g twice %d\n", counter, grown, twice(counter));  // the end
  return 0;
}
