// memfd_create: a file without a name, its seals, mapped and read.
#include "../guest.h"

int main(void) {
  int file = syscall(SYS_memfd_create, pageEndString("scratch"), poisoned(MFD_ALLOW_SEALING));
  need(file >= 0);
  need(ftruncate(file, pageSize) == 0);
  char *map = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  strcpy(map, "through the mapping");
  char text[40] = {0};
  result("pread", pread(file, text, 19, 0));
  say("  %s\n", text);
  result("pwrite", pwrite(file, "T", 1, 0));
  say("  %s\n", map);
  result("F_GET_SEALS", fcntl(file, F_GET_SEALS));
  result("F_ADD_SEALS", fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
  result("ftruncate sealed", ftruncate(file, 0));
  result("F_SEAL_WRITE while mapped", fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
  munmap(map, pageSize);
  result("F_SEAL_WRITE", fcntl(file, F_ADD_SEALS, F_SEAL_WRITE));
  result("write sealed", pwrite(file, "x", 1, 0));
  result("bad name", syscall(SYS_memfd_create, badAddress(), poisoned(0)));
  return 0;
}
