// A private mapping of a file whose pages are filled at once, by MAP_POPULATE or MADV_POPULATE_WRITE, has copies of its
// own: what is stored through a shared mapping later does not show there, but in one that was not filled.
#include "../guest.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int main(void) {
  int file = patternFile("populated", pageSize);
  char *shared = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  char *plain = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  char *filled = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, file, 0);
  char *asked = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  need(shared != MAP_FAILED && plain != MAP_FAILED && filled != MAP_FAILED && asked != MAP_FAILED);
  result("madvise", madvise(asked, pageSize, MADV_POPULATE_WRITE));
  for (int i = 0; i < 10; i++) shared[i] = 'X';
  say("plain %.12s, filled %.12s, asked %.12s\n", plain, filled, asked);
  need(unlink("populated") == 0);
  return 0;
}
