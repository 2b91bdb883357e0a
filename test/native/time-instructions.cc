// Prints, for each file named, the addresses of the bytes that are replaced in its code, one a line, each with what it
// becomes, hexadecimal.
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

#include "record/files/random-instructions.h"

namespace {

constexpr uint64_t kPage = 4096;

// The loader maps whole pages.
void print(int file, const Elf64_Phdr& segment) {
  const uint64_t start = segment.p_offset & ~(kPage - 1);
  const uint64_t length = segment.p_offset - start + segment.p_filesz;
  for (const auto& [offset, value] :
       rr::findRandomInstructions(file, start, length, {.time = true, .identity = true})) {
    printf("%" PRIx64 " %02x\n", segment.p_vaddr + (start + offset - segment.p_offset), value);
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    const int file = open(argv[i], O_RDONLY);
    Elf64_Ehdr header;
    if (file < 0 || pread(file, &header, sizeof header, 0) != static_cast<ssize_t>(sizeof header)) {
      perror(argv[i]);
      return 1;
    }
    for (unsigned part = 0; part < header.e_phnum; part++) {
      Elf64_Phdr segment;
      const auto place = static_cast<off_t>(header.e_phoff + part * sizeof segment);
      if (pread(file, &segment, sizeof segment, place) != static_cast<ssize_t>(sizeof segment)) return 1;
      if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) print(file, segment);
    }
    close(file);
  }
  return 0;
}
