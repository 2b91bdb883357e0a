// A hundred megabytes touched, hashed, and given back; and many small mappings.
#include "../guest.h"

int main(void) {
  size_t size = 100 << 20;
  char *area = malloc(size);
  need(area != 0);
  for (size_t i = 0; i < size; i += 512) area[i] = i >> 9;
  uint64_t sum = 0;
  for (size_t i = 0; i < size; i += 512) sum = sum * 31 + (unsigned char)area[i];
  say("%016lx\n", sum);
  free(area);
  int fine = 0;
  for (int i = 0; i < 500; i++) {
    char *page = mmap(0, pageSize, i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fine += page != MAP_FAILED;
  }
  say("%d small mappings\n", fine);
  return 0;
}
