// A bug: a stack without a lock whose pop compares the head alone. Between its look at the next element and its
// exchange the head may be taken, its successor too, and the head be put back; a few system calls lie in between.
// Status 1 when a taken element is in the stack. build: -pthread
#include <pthread.h>
#include <stdatomic.h>

#include "../guest.h"

struct element {
  struct element *next;
  int taken;
};
static struct element elements[3];
static struct element *_Atomic head;

static struct element *pop(int slow) {
  for (;;) {
    struct element *first = atomic_load(&head);
    if (!first) return 0;
    struct element *next = first->next;
    for (int i = 0; slow && i < 5; i++) getppid();
    if (atomic_compare_exchange_strong(&head, &first, next)) return first;
  }
}

static void push(struct element *element) {
  struct element *first = atomic_load(&head);
  do element->next = first;
  while (!atomic_compare_exchange_strong(&head, &first, element));
}

static void *other(void *argument unused) {
  struct element *a = pop(0), *b = pop(0);
  if (b) b->taken = 1;
  if (a) push(a);
  return 0;
}

int main(void) {
  for (int i = 0; i < 3; i++) push(&elements[i]);
  pthread_t thread;
  need(pthread_create(&thread, 0, other, 0) == 0);
  pop(1);
  pthread_join(thread, 0);
  for (struct element *each = atomic_load(&head); each; each = each->next) {
    if (each->taken) return 1;
  }
  return 0;
}
