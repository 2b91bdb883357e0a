// A file of 1 GB with hardly anything in it, mapped shared and privately: what is there, and what is not.
#include "../guest.h"

enum { kParts = 3 };
static const off_t kSize = 1L << 30;
static const off_t kAt[kParts] = {5, (300L << 20) + 12345, (1L << 30) - 7};

int main(void) {
  int file = open("sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
  need(file >= 0 && ftruncate(file, kSize) == 0);
  for (int i = 0; i < kParts; i++) need(pwrite(file, "data", 4, kAt[i]) == 4);
  char *shared = mmap(0, kSize, PROT_READ, MAP_SHARED, file, 0);
  char *private = mmap(0, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
  need(shared != MAP_FAILED && private != MAP_FAILED);
  for (int i = 0; i < kParts; i++) {
    say("%.4s %.4s %d\n", shared + kAt[i], private + kAt[i], private[kAt[i] + 4] + shared[kAt[i] - 1]);
    private[kAt[i]] = 'D';
    say("%.4s %.4s\n", shared + kAt[i], private + kAt[i]);
  }
  need(pwrite(file, "later", 5, 600L << 20) == 5);
  say("%.5s\n", shared + (600L << 20));
  return 0;
}
