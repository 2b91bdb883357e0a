// Entries as large as allowed, and many small ones, until the buffer is full; every kind of event in between.
#include <sys/uio.h>
#include <x86intrin.h>

#include "../buffered-calls.h"

static void onSignal(int number) { someBufferedCalls(); }

int main(void) {
  enum { size = 40000 };
  const int file = patternFile("file", size);
  char *bytes = malloc(size);
  signal(SIGUSR1, onSignal);
  uint64_t hash = 0;
  for (int i = 0; i < 14; i++) {
    const size_t length = i % 3 == 0 ? 0x8000 : i % 3 == 1 ? 0x7fff : 0x8001;
    memset(bytes, i, size);
    need(pread(file, bytes, length, i) == (ssize_t)length);
    hash = hash * 31 + hashOf(bytes, size);
    struct iovec vectors[64];
    for (int j = 0; j < 64; j++) vectors[j] = (struct iovec){bytes + j * 512, 1 + (i + j) % 512};
    need(preadv(file, vectors, 64, 1) > 0);
    hash = hash * 31 + hashOf(bytes, size);
    for (int j = 0; j < 10; j++) someBufferedCalls();
    if (i % 7 == 0) raise(SIGUSR1);
    if (i % 11 == 0) hash += __rdtsc() == 0;
    if (i % 6 == 0) {
      const pid_t child = fork();
      if (child == 0) {
        for (int j = 0; j < 10; j++) someBufferedCalls();
        _exit(i);
      }
      reap("child", child);
    }
  }
  for (int i = 0; i < 800; i++) need(getppid() > 0);
  say("%lx\n", hash);
  return 0;
}
