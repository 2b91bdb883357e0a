// eventfd and eventfd2: counters, semaphores, overflow, a child that waits.
#include <sys/eventfd.h>

#include "../guest.h"

int main(void) {
  int counter = syscall(SYS_eventfd2, poisoned(5), poisoned(EFD_NONBLOCK));
  say("eventfd2 %d, eventfd %ld\n", counter, syscall(SYS_eventfd, poisoned(0)));
  uint64_t *value = pageEnd(8);
  result("read", read(counter, value, 8));
  say("  %lu\n", *value);
  result("read again", read(counter, value, 8));
  *value = 3;
  need(write(counter, value, 8) == 8 && write(counter, value, 8) == 8);
  result("read", read(counter, value, 8));
  say("  %lu\n", *value);
  *value = -2UL;
  result("write the most", write(counter, value, 8));
  *value = 1;
  result("write one more", write(counter, value, 8));
  *value = -1UL;
  result("write what cannot be", write(counter, value, 8));
  result("read too small", read(counter, value, 4));
  int semaphore = eventfd(2, EFD_SEMAPHORE);
  for (int i = 0; i < 2; i++) {
    result("semaphore", read(semaphore, value, 8));
    say("  %lu\n", *value);
  }
  pid_t child = fork();
  if (child == 0) {
    need(read(semaphore, value, 8) == 8);
    _exit(*value);
  }
  usleep(3000);
  *value = 1;
  need(write(semaphore, value, 8) == 8);
  reap("child", child);
  return 0;
}
