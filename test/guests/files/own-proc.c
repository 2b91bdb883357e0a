// Prints the whole of its own /proc files: replay must print what the recording saw.
#include "../guest.h"

static void show(const char *name) {
  char *text = pageEnd(65536);
  int file = open(name, O_RDONLY);
  need(file >= 0);
  long size, total = 0;
  while ((size = read(file, text, 65536)) > 0) {
    total += size;
    for (long done = 0; done < size;) {
      long written = write(1, text + done, size - done);
      need(written > 0);
      done += written;
    }
  }
  result(name, total);
  close(file);
}

int main(void) {
  show("/proc/self/maps");
  show("/proc/self/stat");
  show("/proc/self/status");
  show("/proc/self/cmdline");
  show("/proc/self/statm");
  show("/proc/self/limits");
  show("/proc/self/comm");
  char link[4096];
  long size = readlink("/proc/self/exe", link, sizeof link);
  say("%.*s\n", (int)size, link);
  say("pid %d parent %d\n", getpid(), getppid());
  return 0;
}
