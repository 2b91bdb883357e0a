// A file that is mapped shared and cut by its name: by truncate, and by opening it with O_TRUNC.
#include "../guest.h"

static void show(const char *what, const char *memory) { say("%s: %.8s\n", what, *memory ? memory : "nothing"); }

int main(void) {
  int file = patternFile("file", 2 * pageSize);
  char *memory = mmap(0, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  show("before", memory);
  need(truncate("file", 100) == 0 && truncate("file", 2 * pageSize) == 0);
  show("first bytes", memory);
  show("rest of the page", memory + 200);
  show("second page", memory + pageSize);
  strcpy(memory + pageSize, "again");
  need(close(open("file", O_RDWR | O_TRUNC)) == 0 && ftruncate(file, 2 * pageSize) == 0);
  show("opened", memory);
  show("second page", memory + pageSize);
  strcpy(memory, "again");
  need(close(creat("file", 0600)) == 0 && ftruncate(file, 2 * pageSize) == 0);
  show("created", memory);
  strcpy(memory, "again");
  pid_t child = fork();
  if (child == 0) {
    char path[4096];
    need(getcwd(path, sizeof path - 8) != 0 && truncate(strcat(path, "/file"), 0) == 0);
    _exit(0);
  }
  reap("child", child);
  need(ftruncate(file, 2 * pageSize) == 0);
  show("by another process", memory);
  return 0;
}
