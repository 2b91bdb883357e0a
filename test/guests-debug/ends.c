// Four threads wait; then one of them ends the process: by a fault, a signal, or exit, as the argument says.
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_barrier_t everybody;
static const char *how;
static int *volatile nothing;

static void *waits(void *unused) {
  pthread_barrier_wait(&everybody);
  for (;;) pause();
  return unused;
}

static void *leaves(void *unused) {
  pthread_barrier_wait(&everybody);
  return unused;
}

static void *ends(void *unused) {
  pthread_barrier_wait(&everybody);
  usleep(1000);
  if (strcmp(how, "fault") == 0) *nothing = 1;
  if (strcmp(how, "signal") == 0) raise(SIGTERM);
  if (strcmp(how, "exit") == 0) exit(3);
  return unused;
}

int main(int count, char **words) {
  how = count > 1 ? words[1] : "";
  pthread_barrier_init(&everybody, NULL, 5);
  pthread_t threads[5];
  for (int at = 0; at < 5; at++) pthread_create(&threads[at], NULL, at == 2 ? ends : at == 4 ? leaves : waits, NULL);
  for (int at = 4; at >= 0; at--) pthread_join(threads[at], NULL);
  return 0;
}
