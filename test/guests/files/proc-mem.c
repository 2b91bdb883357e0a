// Reads itself through /proc/self/mem, and its auxiliary vector through /proc/self/auxv.
#include <elf.h>
#include <sys/auxv.h>

#include "../guest.h"

static char text[] = "before";

int main(void) {
  int memory = open("/proc/self/mem", O_RDONLY);
  need(memory >= 0);
  char copy[8] = {0};
  result("pread", pread(memory, copy, 6, (off_t)(uintptr_t)text));
  say("  %s\n", copy);
  result("pread unmapped", pread(memory, copy, 6, 0));
  int vector = open("/proc/self/auxv", O_RDONLY);
  Elf64_auxv_t entries[64];
  long size = read(vector, entries, sizeof entries);
  for (long i = 0; i < size / (long)sizeof entries[0] && entries[i].a_type; i++) {
    unsigned long type = entries[i].a_type;
    if (type == AT_ENTRY || type == AT_RANDOM || type == AT_PHDR || type == AT_PAGESZ)
      say("entry %lu agrees: %d\n", type, getauxval(type) == entries[i].a_un.a_val);
  }
  return 0;
}
