// A file changes its size and loses parts while it is mapped shared: what was cut off reads as zeros when it grows
// again.
#include "../guest.h"

enum { pages = 4, size = pages * pageSize };

static char *memory;

static void show(const char *what) {
  say("%s:", what);
  for (int page = 0; page < pages; page++) say(" %d", memory[page * pageSize]);
  say("\n");
}

int main(void) {
  int file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
  need(ftruncate(file, size) == 0);
  memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  need(memory != MAP_FAILED);
  memset(memory, 1, size);
  result("ftruncate", ftruncate(file, pageSize + 100));
  say("rest of the page: %d %d\n", memory[pageSize + 99], memory[pageSize + 100]);
  result("ftruncate", ftruncate(file, size));
  show("grown again");
  memset(memory, 3, size);
  result("hole", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pageSize, pageSize));
  show("hole");
  // The child alone sees what the parent mapped, and writes it by a call.
  pid_t child = fork();
  if (child == 0) {
    need(pwrite(file, "\4", 1, 2 * pageSize) == 1);
    show("in the child");
    _exit(0);
  }
  munmap(memory, size);
  reap("child", child);
  return 0;
}
