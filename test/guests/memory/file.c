// Mappings of files: private and shared, at an offset, read-only, of a file that changes and that is removed.
#include "../guest.h"

int main(void) {
  int file = patternFile("file", 3 * pageSize + 100);
  char *private = mmap(0, 4 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  char *shared = mmap(0, 4 * pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  char *reader = mmap(0, pageSize, PROT_READ, MAP_SHARED, file, 2 * pageSize);
  need(private != MAP_FAILED && shared != MAP_FAILED && reader != MAP_FAILED);
  say("private %.10s\nshared %.10s\nat an offset %.10s\n", private, shared, reader);
  say("behind the end of the file %d %d\n", private[3 * pageSize + 100], shared[4 * pageSize - 1]);
  memcpy(private, "PRIVATE", 7);
  memcpy(shared + 20, "SHARED", 6);
  memcpy(shared + 2 * pageSize, "OFFSET", 6);
  char text[40] = {0};
  need(pread(file, text, 39, 0) == 39);
  say("file %s\n", text);
  say("private %.30s\n", private);
  say("at an offset %.10s\n", reader);
  need(pwrite(file, "written", 7, pageSize) == 7);
  say("a write shows in the shared mapping: %.10s\n", shared + pageSize);
  result("msync", syscall(SYS_msync, shared, (long)pageSize, poisoned(MS_SYNC)));
  result("msync unmapped", syscall(SYS_msync, (char *)badAddress() + (1L << 40), (long)pageSize, poisoned(MS_SYNC)));
  need(unlink("file") == 0);
  close(file);
  say("after unlink %.10s\n", shared + pageSize + 10);
  int readOnly = open("/etc/passwd", O_RDONLY);
  result("shared and writable of a read-only descriptor",
         (long)mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_SHARED, readOnly, 0));
  char *passwords = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, readOnly, 0);
  say("/etc/passwd begins with root: %d\n", memcmp(passwords, "root", 4) == 0);
  result("offset not at a page", (long)mmap(0, pageSize, PROT_READ, MAP_PRIVATE, readOnly, 100));
  result("bad descriptor", (long)mmap(0, pageSize, PROT_READ, MAP_PRIVATE, 99, 0));
  int directory = open(".", O_RDONLY);
  result("directory", (long)mmap(0, pageSize, PROT_READ, MAP_PRIVATE, directory, 0));
  char *zero = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0);
  say("/dev/zero %d\n", zero[5]);
  return 0;
}
