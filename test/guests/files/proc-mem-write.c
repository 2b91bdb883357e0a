// Writes its own memory and a child's through /proc/PID/mem.
#include "../guest.h"

static char text[] = "before";

int main(void) {
  int memory = open("/proc/self/mem", O_RDWR);
  need(memory >= 0);
  result("pwrite", pwrite(memory, "af", 2, (off_t)(uintptr_t)text));
  need(lseek(memory, (off_t)(uintptr_t)text + 2, SEEK_SET) >= 0);
  result("write", write(memory, "ter", 4));
  say("  %s\n", text);
  int ready[2];
  need(pipe(ready) == 0);
  pid_t child = fork();
  if (child == 0) {
    char byte;
    need(read(ready[0], &byte, 1) == 1);
    say("the child's: %s\n", text);
    _exit(0);
  }
  char name[40];
  sprintf(name, "/proc/%d/mem", child);
  result("to the child", pwrite(open(name, O_RDWR), "child", 6, (off_t)(uintptr_t)text));
  need(write(ready[1], "x", 1) == 1);
  reap("child", child);
  say("own: %s\n", text);
  return 0;
}
