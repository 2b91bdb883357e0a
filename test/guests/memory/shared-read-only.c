// A file that processes one after the other map shared and for reading, while another may still have it mapped: whole
// and in parts, as it was, and after it was changed by a call and changed back. Argument `unchanged`: not changed at
// all.
#include "../guest.h"

#define SIZE (1 << 20)
#define NAME "shared-read-only.data"

static unsigned char content[SIZE];

static void fill(unsigned seed) {
  for (int i = 0; i < SIZE; i++) content[i] = (unsigned char)((i >> 12) * 7 + i + seed);
}

static void write_file(int flags) {
  int file = open(NAME, O_WRONLY | flags, 0600);
  if (file < 0 || write(file, content, SIZE) != SIZE) _exit(97);
  close(file);
}

static unsigned sum(const unsigned char *bytes, int length) {
  unsigned total = 0;
  for (int i = 0; i < length; i++) total = total * 31 + bytes[i];
  return total;
}

static const unsigned char *map_part(int offset, int length) {
  int file = open(NAME, O_RDONLY);
  const unsigned char *bytes = mmap(0, length, PROT_READ, MAP_SHARED, file, offset);
  close(file);
  if (bytes == MAP_FAILED) _exit(96);
  return bytes;
}

static void child(const char *what) {
  pid_t pid = fork();
  if (pid == 0) {
    const unsigned char *whole = map_part(0, SIZE);
    say("%s: %08x\n", what, sum(whole, SIZE));
    munmap((void *)whole, SIZE);
    const unsigned char *part = map_part(SIZE / 2, 8192);
    say("%s, a part: %08x\n", what, sum(part, 8192));
    _exit(0);
  }
  waitpid(pid, 0, 0);
}

int main(int argc, char **argv) {
  int unchanged = argc > 1 && strcmp(argv[1], "unchanged") == 0;
  fill(1);
  write_file(O_CREAT | O_TRUNC);
  for (int i = 0; i < 3; i++) child("first");
  const unsigned char *kept = map_part(0, SIZE);
  for (int i = 0; i < 3; i++) child("beside another");
  if (!unchanged) {
    fill(2);
    write_file(0);
    say("changed under a mapping: %08x\n", sum(kept, SIZE));
    child("changed");
    munmap((void *)kept, SIZE);
    fill(3);
    write_file(0);
    fill(2);
    write_file(0);
    child("changed and back");
    fill(4);
    write_file(O_TRUNC);
    child("written anew");
    // Opened for both: from now on it may be changed without a call.
    int file = open(NAME, O_RDWR);
    unsigned char *writable = mmap(0, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    memset(writable + SIZE / 2, 9, 4096);
    child("changed by a store");
    writable[SIZE / 2] = 8;
    child("changed by another");
  }
  unlink(NAME);
  return 0;
}
