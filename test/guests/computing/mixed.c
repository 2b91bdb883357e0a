// What ordinary programs do, in turn and each for some milliseconds: sorting, hashing, lists, matrices, text.
#include <stdlib.h>
#include <string.h>

#include "../guest.h"

enum { kRounds = 12, kNumbers = 20000, kSide = 64, kKeys = 4096, kNodes = 5000 };

struct node {
  struct node* next;
  unsigned value;
};

static unsigned state = 12345;

static unsigned next(void) {
  state = state * 1103515245u + 12345u;
  return state >> 8;
}

static int compareNumbers(const void* a, const void* b) {
  const unsigned x = *(const unsigned*)a, y = *(const unsigned*)b;
  return x < y ? -1 : x > y;
}

static unsigned sortNumbers(void) {
  static unsigned numbers[kNumbers];
  for (int i = 0; i < kNumbers; i++) numbers[i] = next();
  qsort(numbers, kNumbers, sizeof numbers[0], compareNumbers);
  return numbers[kNumbers / 2];
}

static unsigned hashKeys(void) {
  static unsigned table[kKeys];
  memset(table, 0, sizeof table);
  for (int i = 0; i < kKeys * 8; i++) {
    unsigned key = next() % 3001 + 1, at = key * 2654435761u % kKeys;
    while (table[at] != 0 && table[at] != key) at = (at + 1) % kKeys;
    table[at] = key;
  }
  unsigned used = 0;
  for (int i = 0; i < kKeys; i++) used += table[i] != 0;
  return used;
}

static unsigned walkList(void) {
  struct node* head = NULL;
  for (int i = 0; i < kNodes; i++) {
    struct node* node = malloc(sizeof *node);
    *node = (struct node){head, next()};
    head = node;
  }
  unsigned sum = 0;
  for (int turn = 0; turn < 20; turn++) {
    for (struct node* node = head; node; node = node->next) sum += node->value ^ (unsigned)turn;
  }
  while (head) {
    struct node* after = head->next;
    free(head);
    head = after;
  }
  return sum;
}

static double multiply(void) {
  static double a[kSide][kSide], b[kSide][kSide], c[kSide][kSide];
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      a[i][j] = next() % 100;
      b[i][j] = next() % 100;
    }
  }
  for (int i = 0; i < kSide; i++) {
    for (int j = 0; j < kSide; j++) {
      double sum = 0;
      for (int k = 0; k < kSide; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  return c[3][5];
}

static unsigned formatText(void) {
  static char text[1 << 16];
  size_t length = 0;
  for (int i = 0; length < sizeof text - 32; i++) {
    length += (size_t)snprintf(text + length, sizeof text - length, "%u:%x,", next(), (unsigned)i);
  }
  unsigned words = 0;
  for (char* at = text; (at = strchr(at, ',')) != NULL; at++) words++;
  return words + (unsigned)strlen(text);
}

int main(void) {
  unsigned long sum = 0;
  double product = 0;
  for (int round = 0; round < kRounds; round++) {
    sum += sortNumbers();
    sum += hashKeys();
    sum += walkList();
    product += multiply();
    sum += formatText();
  }
  say("%lu %.0f\n", sum, product);
  return 0;
}
