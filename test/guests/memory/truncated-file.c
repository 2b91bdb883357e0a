// A file that is mapped shared and cut, by every call that does: the memory reads as zeros when it has grown again.
#include "../guest.h"

#define PAGE 4096

static int file;

static void put(off_t offset, const char *text) {
  if (pwrite(file, text, strlen(text), offset) != (ssize_t)strlen(text)) _exit(90);
}

// Two branches of the program, so that a wrong byte shows at once.
static void show(const char *what, const char *memory) { say("%s: %.8s\n", what, *memory ? memory : "nothing"); }

static void truncated(void) {
  char *memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  put(0, "first");
  put(PAGE + 100, "second");
  memory[200] = 'x';
  memory[PAGE + 200] = 'y';
  result("shrink", ftruncate(file, 150));
  result("grow", ftruncate(file, 2 * PAGE));
  show("first", memory);
  show("behind", memory + 200);
  show("second", memory + PAGE + 100);
  show("second", memory + PAGE + 200);
  memory[PAGE] = 'z';
  result("empty", ftruncate(file, 0));
  put(PAGE + 10, "by write");
  show("first", memory);
  show("zero", memory + PAGE);
  show("written", memory + PAGE + 10);
  result("punch", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, 15));
  show("punched", memory + PAGE + 10);
  show("left", memory + PAGE + 15);
}

int main(void) {
  file = open("truncated-file.data", O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (ftruncate(file, 2 * PAGE) != 0) return 1;
  truncated();
  unlink("truncated-file.data");
  return 0;
}
