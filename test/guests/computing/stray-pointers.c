// Words on the stack that point into every mapping that can be written, also those that are not the program's: while
// it is recorded some are the recorder's, which the replay does not have.
// build: -pthread -O0
#include <pthread.h>

#include "../guest.h"

#define WORDS 40

static volatile unsigned long sum;

static int findMappings(uintptr_t *words) {
  FILE *maps = fopen("/proc/self/maps", "r");
  need(maps != 0);
  char line[512];
  int count = 0;
  while (count < WORDS && fgets(line, sizeof line, maps)) {
    unsigned long start, end;
    char permissions[5];
    if (sscanf(line, "%lx-%lx %4s", &start, &end, permissions) != 3 || permissions[1] != 'w') continue;
    // Several in a large mapping: neighbours are merged into one.
    for (unsigned long at = start; at < end && count < WORDS; at += 0x20000) words[count++] = at + 0x40;
  }
  fclose(maps);
  return count;
}

static void *body(void *argument unused) {
  volatile uintptr_t words[WORDS];
  int count = findMappings((uintptr_t *)words);
  for (unsigned long i = 0; i < 12000000; i++) sum += (words[i % count] != 0) * (i & 3);
  return 0;
}

int main(void) {
  // Small stacks, so that they do not use up the words.
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 0x10000);
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) need(pthread_create(&threads[i], &attributes, body, 0) == 0);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  say("done\n");
  return 0;
}
