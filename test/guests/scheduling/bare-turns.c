// Processes that wait for their turn in a loop that never asks the kernel for anything.
#include <stdatomic.h>

#include "../guest.h"

enum { processes = 3, rounds = 4 };

int main(void) {
  atomic_int *turn = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  need(turn != MAP_FAILED);
  for (int i = 0; i < processes; i++) {
    pid_t child = fork();
    need(child >= 0);
    if (child > 0) continue;
    for (int round = 0; round < rounds; round++) {
      while (atomic_load(turn) % processes != i) {
      }
      atomic_fetch_add(turn, 1);
    }
    _exit(0);
  }
  for (int i = 0; i < processes; i++) need(wait(0) > 0);
  say("turns %d\n", atomic_load(turn));
  return 0;
}
