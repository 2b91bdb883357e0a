// Progress that only a word behind seven pointers shows, in a large process; signals tell how far it is.
// build: -O0 -no-pie -fno-pie
#include "../once.h"
#include "counted.h"

enum { kSignals = 25, kSoon = 4000 };

struct link {
  struct link *next;
  unsigned long counter;
  char room[4096];
};

static struct link *head;
static unsigned alarms;

static struct link *last(void) {
  struct link *at = head;
  for (int i = 0; i < 7; i++) at = at->next;
  return at;
}

static void tell(int signal) {
  say("alarm %u at %lu\n", ++alarms, last()->counter);
  if (alarms < kSignals) signalOnce(ITIMER_REAL, kSoon);
}

int main(void) {
  for (int i = 0; i < 5; i++) useMemory();
  for (int i = 0; i < 8; i++) {
    struct link *link = calloc(1, sizeof *link);
    link->next = head;
    head = link;
  }
  signal(SIGALRM, tell);
  signalOnce(ITIMER_REAL, kSoon);
  while (alarms < kSignals) {
    counted();
    for (int i = 0; i < 300; i++) last()->counter++;
  }
  say("done\n");
  return 0;
}
