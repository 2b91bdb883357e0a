// More memory than can be hashed at each stop, of which little is written; the counter is behind seven pointers in it.
// build: -O0
#include "../guest.h"

#define LINKS 8
#define APART (2500 * 1024)

struct link {
  struct link *next;
  unsigned long counter;
};

static struct link *head;

static struct link *last(void) {
  struct link *at = head;
  for (int i = 0; i < LINKS - 1; i++) at = at->next;
  return at;
}

int main(void) {
  char *memory = malloc(LINKS * APART);
  need(memory != 0);
  memset(memory, 1, LINKS * APART);
  for (int i = 0; i < LINKS; i++) {
    struct link *link = (struct link *)(memory + (size_t)i * APART);
    link->next = i + 1 < LINKS ? (struct link *)(memory + (size_t)(i + 1) * APART) : link;
    link->counter = 0;
  }
  head = (struct link *)memory;
  while (last()->counter < 4000000) last()->counter++;
  say("done\n");
  return 0;
}
