// A large file with a name that is nearly all hole is mapped shared by one process after the other, each of which
// stores to it. Argument: its size in MB.
#include "../guest.h"

enum { pieces = 8, children = 3 };

static size_t size;

static char *map(void) {
  int file = open("sparse-shared", O_RDWR);
  char *all = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  need(file >= 0 && all != MAP_FAILED);
  close(file);
  return all;
}

int main(int argc, char **argv) {
  size = (argc > 1 ? strtoul(argv[1], 0, 10) : 4096) << 20;
  int file = open("sparse-shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
  need(file >= 0 && ftruncate(file, (off_t)size) == 0);
  for (int i = 0; i < pieces; i++) {
    char text[16];
    const int length = snprintf(text, sizeof text, "piece %d", i) + 1;
    need(pwrite(file, text, (size_t)length, (off_t)(size / pieces * (size_t)i)) == length);
  }
  char *all = map();
  strcpy(all + size / 3, "stored before");
  for (int i = 0; i < children; i++) {
    const pid_t child = fork();
    if (child == 0) {
      char *again = map();
      say("%s, %s, %s, hole %d\n", again, again + size / pieces, again + size / 3, again[size / 16]);
      snprintf(again + size / 3, 32, "stored by child %d", i);
      strcpy(again + size / 5 * (size_t)(i + 1), "more");
      _exit(0);
    }
    need(waitpid(child, 0, 0) == child);
  }
  say("%s\n", all + size / 3);
  for (int i = 0; i < children; i++) say("%s\n", all + size / 5 * (size_t)(i + 1));
  // What one process has stored, and another has cleared, is a hole again.
  need(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(size / 5) & -4096L, 8192) == 0);
  char *last = map();
  say("cleared: %d %d\n", last[size / 5], all[size / 5]);
  unlink("sparse-shared");
  return 0;
}
