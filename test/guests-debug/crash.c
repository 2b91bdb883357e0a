// Dies of SIGSEGV in the third of three nested calls.
#include <stdlib.h>

struct Node {
  struct Node *next;
  int value;
};

static int sum(struct Node *node) {
  int result = 0;
  for (int count = 0; count < 5; count++) {
    result += node->value;  // here it dies
    node = node->next;
  }
  return result;
}

static struct Node *make(int value, struct Node *next) {
  struct Node *node = malloc(sizeof *node);
  node->value = value;
  node->next = next;
  return node;
}

static int work(void) {
  struct Node *list = make(1, make(2, make(3, NULL)));
  return sum(list);
}

int main(void) { return work(); }
