// One read and one write of forty megabytes, of a file.
#include "../guest.h"

int main(void) {
  size_t size = 40 << 20;
  unsigned char *block = malloc(size), *back = malloc(size);
  for (size_t i = 0; i < size; i++) block[i] = i * 2654435761u >> 23;
  int file = open("file", O_RDWR | O_CREAT, 0644);
  result("write", write(file, block, size));
  result("pread", pread(file, back, size, 0));
  say("same %d\n", memcmp(block, back, size) == 0);
  result("pread of more than there is", pread(file, back, size, size - 1000));
  return 0;
}
