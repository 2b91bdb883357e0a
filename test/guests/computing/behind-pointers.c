// A counter behind seven pointers on the heap.
// build: -O0
#include "../guest.h"

struct link {
  struct link *next;
  unsigned long counter;
  char room[4096];
};

static struct link *head;

static void count(void) {
  struct link *at = head;
  for (int i = 0; i < 7; i++) at = at->next;
  at->counter++;
}

int main(void) {
  struct link *last = 0;
  for (int i = 0; i < 8; i++) {
    struct link *link = calloc(1, sizeof *link);
    link->next = last;
    last = link;
  }
  head = last;
  for (struct link *tail = head; !tail->next || tail->next != head; tail = tail->next) {
    if (!tail->next) {
      tail->next = head;
      break;
    }
  }
  for (;;) {
    count();
    struct link *at = head;
    for (int i = 0; i < 7; i++) at = at->next;
    if (at->counter >= 3000000) break;
  }
  say("done\n");
  return 0;
}
