// `file-store STORE FILE [PIECES]`: puts the file into the store twice, and prints for each time the hash and how many
// bytes were read. With PIECES it is to stop after so many pieces: prints what the store says.
#include "record/files/file-store.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

namespace {
uint64_t bytesRead = 0;
}

extern "C" {
ssize_t __real_pread(int descriptor, void* into, size_t length, off_t offset);
ssize_t __wrap_pread(int descriptor, void* into, size_t length, off_t offset);

ssize_t __wrap_pread(int descriptor, void* into, size_t length, off_t offset) {
  const ssize_t got = __real_pread(descriptor, into, length, offset);
  if (got > 0) bytesRead += static_cast<uint64_t>(got);
  return got;
}
}

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  rr::FileStore store(argv[1], "");
  const int file = open(argv[2], O_RDONLY);
  struct stat identity;
  if (file < 0 || fstat(file, &identity) != 0) {
    perror(argv[2]);
    return 1;
  }
  uint64_t left = argc > 3 ? strtoull(argv[3], nullptr, 10) : ~0ULL;
  for (int i = 0; i < 2; i++) {
    bytesRead = 0;
    const auto hash = store.put(file, identity, false, [&] { return left-- > 0; });
    if (!hash) {
      printf("%s\n", store.error().c_str());
      return 0;
    }
    for (const uint8_t byte : *hash) printf("%02x", byte);
    printf(" %" PRIu64 "\n", bytesRead);
  }
  return 0;
}
