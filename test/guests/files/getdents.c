// getdents64 and getdents: whole directory, small buffers, errors.
#include <dirent.h>

#include "../guest.h"

static int byName(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int main(void) {
  need(mkdir("d", 0755) == 0 && chdir("d") == 0);
  for (int i = 0; i < 20; i++) {
    char name[40];
    snprintf(name, sizeof name, "file-number-%02d", i);
    close(open(name, O_CREAT | O_WRONLY, 0644));
  }
  int directory = open(".", O_RDONLY | O_DIRECTORY);
  char *names[64];
  int count = 0, calls = 0;
  char *buffer = pageEnd(200);
  long size;
  while ((size = syscall(SYS_getdents64, poisoned(directory), buffer, poisoned(200))) > 0) {
    calls++;
    for (long at = 0; at < size;) {
      struct dirent64 *entry = (struct dirent64 *)(buffer + at);
      names[count++] = strdup(entry->d_name);
      at += entry->d_reclen;
    }
  }
  result("last getdents64", size);
  qsort(names, count, sizeof names[0], byName);
  for (int i = 0; i < count; i++) say("%s\n", names[i]);
  say("more than one call: %d\n", calls > 1);

  result("rewind", lseek(directory, 0, SEEK_SET));
  result("buffer too small", syscall(SYS_getdents64, poisoned(directory), buffer, poisoned(8)));
  result("bad address", syscall(SYS_getdents64, poisoned(directory), badAddress(), poisoned(200)));
  result("bad descriptor", syscall(SYS_getdents64, poisoned(99), buffer, poisoned(200)));
  result("not a directory", syscall(SYS_getdents64, poisoned(open("file-number-00", O_RDONLY)), buffer, poisoned(200)));
  lseek(directory, 0, SEEK_SET);
  char *old = pageEnd(4096);
  succeeded("getdents", syscall(SYS_getdents, poisoned(directory), old, poisoned(4096)));
  need(rmdir("../d") == -1 && mkdir("sub", 0755) == 0 && chdir("sub") == 0 && rmdir("../sub") == 0);
  result("removed directory", syscall(SYS_getdents64, poisoned(open(".", O_RDONLY)), buffer, poisoned(200)));
  return 0;
}
