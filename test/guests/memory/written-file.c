// A file that is mapped shared and written by write(2): the memory changes, wherever the mapping has
// been moved to, and whoever still has it.
#include "../guest.h"

#define PAGE 4096

static int file;

static void put(off_t offset, const char *text) {
  if (pwrite(file, text, strlen(text), offset) != (ssize_t)strlen(text)) _exit(90);
}

// Two branches of the program, so that a wrong byte shows at once.
static void show(const char *what, const char *memory) { say("%s: %.8s\n", what, *memory ? memory : "nothing"); }

static void moved(void) {
  char *memory = mmap(NULL, 3 * PAGE, PROT_READ, MAP_SHARED, file, 0);
  put(0, "mapped");
  show("mapped", memory);
  // The first page stays, the second goes elsewhere, and grows.
  char *place = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *second = mremap(memory + PAGE, PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
  put(0, "stayed");
  put(PAGE, "moved");
  put(3 * PAGE, "grown");
  put(2 * PAGE, "behind");
  show("first", memory);
  show("second", second);
  show("behind it", second + 2 * PAGE);
  show("third", memory + 2 * PAGE);
  // Another view of what is mapped already.
  char *again = mremap(memory, 0, PAGE, MREMAP_MAYMOVE);
  munmap(memory, PAGE);
  put(0, "again");
  show("again", again);
  // The page in its place has nothing to do with the file any more.
  char *other = mmap(memory, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  strcpy(other, "other");
  put(0, "last");
  show("again", again);
  show("other", other);
  munmap(again, PAGE);
  munmap(second, 3 * PAGE);
}

static void inherited(void) {
  int pipes[2][2];
  if (pipe(pipes[0]) != 0 || pipe(pipes[1]) != 0) _exit(91);
  char byte = 0;
  char *memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
  if (fork() == 0) {
    // The maker's mapping is gone by now.
    if (read(pipes[0][0], &byte, 1) != 1) _exit(92);
    show("child", memory);
    put(0, "child's");
    show("child", memory);
    _exit(0);
  }
  munmap(memory, PAGE);
  put(0, "parent's");
  if (write(pipes[0][1], &byte, 1) != 1) _exit(93);
  wait(NULL);
}

int main(void) {
  file = open("written-file.data", O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (ftruncate(file, 4 * PAGE) != 0) return 1;
  moved();
  inherited();
  unlink("written-file.data");
  return 0;
}
