// Ten children write lines to one pipe; the parent counts what came whole.
#include "../guest.h"

int main(void) {
  int ends[2];
  need(pipe(ends) == 0);
  for (int i = 0; i < 10; i++)
    if (fork() == 0) {
      for (int line = 0; line < 20; line++) {
        char text[32];
        int length = snprintf(text, sizeof text, "writer %d line %02d\n", i, line);
        need(write(ends[1], text, length) == length);
      }
      _exit(0);
    }
  close(ends[1]);
  FILE *stream = fdopen(ends[0], "r");
  char line[64];
  int counts[10] = {0}, ordered = 1;
  while (fgets(line, sizeof line, stream)) {
    int writer, number;
    need(sscanf(line, "writer %d line %d", &writer, &number) == 2);
    ordered &= number == counts[writer]++;
  }
  for (int i = 0; i < 10; i++) say("%d ", counts[i]);
  say("ordered %d\n", ordered);
  while (wait(0) > 0)
    ;
  return 0;
}
