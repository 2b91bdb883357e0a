// getrandom, /dev/urandom, AT_RANDOM: bytes that no two runs share, at the end of a page.
#include <sys/auxv.h>
#include <sys/random.h>

#include "../guest.h"

static void show(const char *what, const unsigned char *bytes) {
  say("%s ", what);
  for (int i = 0; i < 16; i++) say("%02x", bytes[i]);
  say("\n");
}

int main(void) {
  unsigned char *bytes = pageEnd(16);
  result("getrandom", syscall(SYS_getrandom, bytes, 16L, poisoned(0)));
  show("getrandom", bytes);
  result("GRND_NONBLOCK", syscall(SYS_getrandom, bytes, 16L, poisoned(GRND_NONBLOCK)));
  result("bad address", syscall(SYS_getrandom, badAddress(), 16L, poisoned(0)));
  result("unknown flag", syscall(SYS_getrandom, bytes, 16L, poisoned(64)));
  result("read", read(open("/dev/urandom", O_RDONLY), bytes, 16));
  show("urandom", bytes);
  show("AT_RANDOM", (unsigned char *)getauxval(AT_RANDOM));
  say("address of a local %p, of code %p, of the heap %p\n", (void *)&bytes, (void *)main, malloc(10));
  return 0;
}
