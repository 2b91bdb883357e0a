// Runs a command that is ended by SIGPROF after so many microseconds of its processor time: briefly MICROSECONDS
// COMMAND...
#include <stdlib.h>
#include <sys/time.h>

#include "../guest.h"

int main(int count, char **words) {
  need(count > 2);
  const struct itimerval once = {{0, 0}, {0, atoi(words[1])}};
  need(setitimer(ITIMER_PROF, &once, 0) == 0);
  execvp(words[2], words + 2);
  return 127;
}
