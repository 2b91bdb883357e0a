// Two threads add to one balance, each by reading it, telling a log, and writing it: now and then a deposit is lost.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static long balance;
static FILE *journal;

static void deposit(long amount) {
  long old = balance;
  fprintf(journal, "%ld + %ld\n", old, amount);
  fflush(journal);
  balance = old + amount;
}

static void *clerk(void *amount) {
  deposit((long)amount);
  return NULL;
}

int main(void) {
  journal = fopen("/dev/null", "w");
  pthread_t clerks[2];
  pthread_create(&clerks[0], NULL, clerk, (void *)100);
  pthread_create(&clerks[1], NULL, clerk, (void *)10);
  for (int i = 0; i < 2; i++) pthread_join(clerks[i], NULL);
  if (balance != 110) abort();
  return 0;
}
