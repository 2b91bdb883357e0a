// 256 GB of address space of which little is used, as sanitizers and garbage collectors reserve: what a stop and a
// checksum do with it must cost no page tables. Natively they take 8 KB here; a table for each page takes 512 MB.
#include <sys/mman.h>

#include "../guest.h"

enum { limit = 100 * 1024 };

static long tables(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  long kilobytes = -1;
  while (status && fgets(line, sizeof line, status)) sscanf(line, "VmPTE: %ld", &kilobytes);
  if (status) fclose(status);
  return kilobytes;
}

int main(void) {
  const size_t size = 256ul << 30;
  unsigned char *memory = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  need(memory != MAP_FAILED);
  unsigned long sum = 0;
  for (unsigned long i = 0; i < 3000000; i++) {
    unsigned char *at = memory + (i % 5) * (50ul << 30);
    *at += i;
    sum = sum * 31 + *at;
  }
  need(tables() < limit);
  say("%lu\n", sum);
  return 0;
}
