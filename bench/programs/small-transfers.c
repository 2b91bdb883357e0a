// N reads of one byte of /dev/zero, then N writes of one byte to /dev/null.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv) {
  long count = argc > 1 ? atol(argv[1]) : 300000;
  int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY);
  char byte;
  for (long i = 0; i < count; i++)
    if (read(zero, &byte, 1) != 1) return 1;
  for (long i = 0; i < count; i++)
    if (write(null, &byte, 1) != 1) return 1;
  return 0;
}
