// A mapping with MAP_GROWSDOWN grows when the page below it is touched.
#include "../guest.h"

int main(void) {
  char *room = mmap(0, 600 * pageSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  need(munmap(room, 600 * pageSize) == 0);
  char *top = mmap(room + 560 * pageSize, 4 * pageSize, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
  need(top == room + 560 * pageSize);
  for (int i = 0; i < 100; i++) top[-i * pageSize] = i;
  int sum = 0;
  for (int i = 0; i < 100; i++) sum += top[-i * pageSize];
  say("grown by 99 pages, sum %d\n", sum);
  result("munmap what it grew to", munmap(top - 99 * pageSize, 103 * pageSize));
  return 0;
}
