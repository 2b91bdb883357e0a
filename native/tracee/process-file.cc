#include "tracee/process-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "tracee/descriptor.h"

namespace rr {

std::string readProcessFile(pid_t tid, const char* name, ProcessFile kind) {
  // More than the kernel gives at once of a file that it hands out in pieces: a page.
  constexpr size_t kPiece = 8192;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", tid, name);
  std::string text;
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return text;
  size_t length = 0;
  for (;;) {
    text.resize(length + kPiece);
    const ssize_t count = read(file.number(), text.data() + length, kPiece);
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) length += static_cast<size_t>(count);
    const bool last = kind == ProcessFile::whole && count < static_cast<ssize_t>(kPiece);
    if (count <= 0 || last) break;
  }
  text.resize(length);
  return text;
}

}  // namespace rr
