// A process writes much at once to a file that another one has mapped and looks at: how far the kernel has come each
// time is what a replay must show, too.
#include <time.h>

#include "../guest.h"

// More than is copied in a slice. Bytes.
#define LENGTH ((size_t)64 << 20)
#define WRITES 2

struct seen {
  volatile int stop;
  volatile unsigned looks, halves;
};

static void look(const volatile char *mapped, struct seen *seen) {
  while (!seen->stop) {
    const struct timespec briefly = {0, 50000};
    nanosleep(&briefly, NULL);
    seen->looks++;
    if (mapped[0] != mapped[LENGTH - 1]) seen->halves++;
  }
}

int main(void) {
  const int file = memfd_create("much", 0);
  need(ftruncate(file, LENGTH) == 0);
  char *mapped = mmap(NULL, LENGTH, PROT_READ, MAP_SHARED, file, 0);
  struct seen *seen = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char *bytes = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const pid_t child = fork();
  if (child == 0) {
    look(mapped, seen);
    _exit(0);
  }
  for (int i = 0; i < WRITES; i++) {
    memset(bytes, i + 1, LENGTH);
    result("write", pwrite(file, bytes, LENGTH, 0));
    say("looked %u times, %u of them half way\n", seen->looks, seen->halves);
  }
  seen->stop = 1;
  reap("the one that looks", child);
  return 0;
}
