// A file that is mapped privately and changed afterwards by calls: pages that have no copy of their own show what it
// holds now, whoever changed it.
#include "../guest.h"

static void show(const char *what, const char *memory) { say("%s: %.8s\n", what, *memory ? memory : "nothing"); }

static void written(int file, const char *mapped, char *copied) {
  need(pwrite(file, "written", 7, 0) == 7 && pwrite(file, "written", 7, pageSize) == 7);
  show("written", mapped);
  show("the other mapping", copied);
  show("second page", mapped + pageSize);
  show("its copy", copied + pageSize);
  need(lseek(file, 2 * pageSize, SEEK_SET) == 2 * pageSize && write(file, "third", 5) == 5);
  show("third page", mapped + 2 * pageSize);
  pid_t child = fork();
  if (child == 0) {
    int again = open("file", O_WRONLY);
    need(pwrite(again, "child's", 7, 0) == 7);
    _exit(0);
  }
  reap("child", child);
  show("by another process", mapped);
}

int main(void) {
  int file = patternFile("file", 3 * pageSize);
  char *mapped = mmap(0, 3 * pageSize, PROT_READ, MAP_PRIVATE, file, 0);
  char *copied = mmap(0, 3 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  copied[pageSize] = 'X';
  show("before", mapped);
  written(file, mapped, copied);
  need(ftruncate(file, pageSize + 100) == 0 && ftruncate(file, 3 * pageSize) == 0);
  show("cut and grown", mapped + pageSize + 200);
  show("its copy", copied + pageSize + 200);
  show("third page", mapped + 2 * pageSize);
  need(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 10) == 0);
  show("hole", mapped);
  show("behind it", mapped + 10);
  need(mmap(0, pageSize, PROT_READ, MAP_SHARED, file, 0) != MAP_FAILED);
  need(pwrite(file, "shared", 6, 0) == 6);
  show("mapped shared, too", mapped);
  need(open("file", O_RDWR | O_TRUNC) >= 0 && ftruncate(file, 3 * pageSize) == 0);
  show("emptied", mapped);
  return 0;
}
