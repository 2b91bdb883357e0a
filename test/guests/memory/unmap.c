// munmap of parts: start, middle, end, over several mappings, and what faults then.
#include "../guest.h"

static void present(const char *what, char *area) {
  say("%s: ", what);
  for (int i = 0; i < 10; i++) {
    unsigned char state;
    say("%c", mincore(area + i * pageSize, pageSize, &state) == 0 ? area[i * pageSize] : '.');
  }
  say("\n");
}

int main(void) {
  char *area = mmap(0, 10 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 10; i++) area[i * pageSize] = '0' + i;
  present("whole", area);
  result("middle", munmap(area + 4 * pageSize, 2 * pageSize));
  present("", area);
  result("start", munmap(area, pageSize));
  result("end", munmap(area + 9 * pageSize, pageSize));
  present("", area);
  result("over the hole", munmap(area + 3 * pageSize, 4 * pageSize));
  present("", area);
  result("nothing there", munmap(area + 4 * pageSize, pageSize));
  result("part of a page", munmap(area + pageSize, 1));
  present("", area);
  result("not at a page", munmap(area + 1, pageSize));
  result("length 0", munmap(area, 0));
  // The same addresses again, with fresh content.
  char *again = mmap(area, 10 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  for (int i = 0; i < 10; i++) again[i * pageSize] += 'a';
  present("again", area);
  return 0;
}
