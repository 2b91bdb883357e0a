// A number goes round a ring of processes through pipes and grows by one at each.
#include "../guest.h"

enum { processes = 16, rounds = 40 };

int main(void) {
  int ends[processes + 1][2];
  for (int i = 0; i <= processes; i++) need(pipe(ends[i]) == 0);
  for (int i = 0; i < processes; i++) {
    pid_t child = fork();
    need(child >= 0);
    if (child > 0) continue;
    long number;
    for (int round = 0; round < rounds; round++) {
      need(read(ends[i][0], &number, sizeof number) == sizeof number);
      number++;
      need(write(ends[i + 1][1], &number, sizeof number) == sizeof number);
    }
    _exit(0);
  }
  long number = 0;
  for (int round = 0; round < rounds; round++) {
    need(write(ends[0][1], &number, sizeof number) == sizeof number);
    need(read(ends[processes][0], &number, sizeof number) == sizeof number);
  }
  for (int i = 0; i < processes; i++) need(wait(0) > 0);
  say("number %ld\n", number);
  return 0;
}
