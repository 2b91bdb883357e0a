// Reads that ask for far more than there is, and reads that get more than a recorder's buffer holds, mixed, from hot
// instructions; also into memory that ends too early.
#include "../guest.h"

#define SIZE (1 << 20)

static unsigned char block[SIZE], back[SIZE];

__attribute__((noinline)) static long readFrom(int descriptor, void *into, size_t size) {
  return syscall(SYS_read, descriptor, into, size);
}

static unsigned sumOf(const unsigned char *bytes, long length) {
  unsigned sum = 0;
  for (long i = 0; i < length; i++) sum = sum * 31 + bytes[i];
  return sum;
}

int main(void) {
  for (int i = 0; i < SIZE; i++) block[i] = (unsigned)i * 2654435761u >> 23;
  int file = open("file", O_RDWR | O_CREAT, 0644);
  result("write", write(file, block, SIZE));
  const size_t asked[] = {10, 40000, 131072, 32768, 32769, 65536, 300000};
  for (int round = 0; round < 20; round++) {
    lseek(file, 0, SEEK_SET);
    for (int i = 0; i < 7; i++) {
      long length = readFrom(file, back, asked[i]);
      if (round == 19) say("%zu: %ld %u\n", asked[i], length, sumOf(back, length));
    }
    lseek(file, SIZE - 100 - round, SEEK_SET);
    long length = readFrom(file, back, SIZE);
    if (round == 19) say("the end: %ld %u\n", length, sumOf(back, length));
    result("behind it", readFrom(file, back, SIZE));
  }
  // Two pages, of which the second is not there.
  unsigned char *page = mmap(NULL, 2 * 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 65536, 65536);
  lseek(file, 0, SEEK_SET);
  long length = readFrom(file, page, 131072);
  say("into a hole: %ld %u\n", length, sumOf(page, length));
  result("into nothing", readFrom(file, page + 65536, 131072));
  return 0;
}
