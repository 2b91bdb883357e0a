// Parents that make children as fast as they can and wait for each, by wait, by waitpid and by waitid, side by side.
#include "../guest.h"

enum { parents = 6, children = 25 };

static int raise_family(int kind) {
  int sum = 0;
  for (int i = 0; i < children; i++) {
    pid_t child = fork();
    need(child >= 0);
    if (child == 0) _exit(i + 1);
    if (kind == 2 && i % 5 != 4) continue;  // some at once
    int status;
    if (kind == 0) {
      need(wait(&status) == child);
    } else if (kind == 1) {
      pid_t got;
      while ((got = waitpid(child, &status, WNOHANG)) == 0) usleep(100);
      need(got == child);
    } else {
      for (int last = 0; last < 5; last++) {
        siginfo_t info;
        need(waitid(P_ALL, 0, &info, WEXITED) == 0);
        sum += info.si_status;
      }
      continue;
    }
    sum += WEXITSTATUS(status);
  }
  return sum == children * (children + 1) / 2;
}

int main(void) {
  pid_t all[parents];
  for (int i = 0; i < parents; i++) {
    all[i] = fork();
    need(all[i] >= 0);
    if (all[i] == 0) _exit(raise_family(i % 3));
  }
  for (int i = 0; i < parents; i++) reap("family", all[i]);
  return 0;
}
