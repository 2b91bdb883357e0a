// The first process ends while its child still works: the recording lasts until the child is done.
#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  if (fork() == 0) {
    close(ends[1]);
    char byte;
    // End of file: the parent is gone.
    need(read(ends[0], &byte, 1) == 0);
    int file = open("/dev/null", O_WRONLY);
    for (int i = 0; i < 50; i++) need(write(file, "late", 4) == 4);
    _exit(0);
  }
  say("first process ends\n");
  return 3;
}
