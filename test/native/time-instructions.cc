// Prints, for each file named, the addresses of the rdtsc and rdtscp that are found in its code, one a line.
#include <elf.h>

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "record/random-instructions.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    std::ifstream file(argv[i], std::ios::binary);
    const std::vector<uint8_t> image((std::istreambuf_iterator<char>(file)), {});
    Elf64_Ehdr header;
    memcpy(&header, image.data(), sizeof header);
    for (int part = 0; part < header.e_phnum; part++) {
      Elf64_Phdr segment;
      memcpy(&segment, &image[header.e_phoff + static_cast<size_t>(part) * sizeof segment], sizeof segment);
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
      for (const auto& [offset, value] : rr::findTimeInstructions({&image[segment.p_offset], segment.p_filesz})) {
        if (value == rr::kCpuidTrapOpcode) continue;
        // The byte that is replaced is the last one.
        const unsigned before = value == rr::kRdtscpTrapByte ? 2 : 1;
        printf("%" PRIx64 "\n", segment.p_vaddr + offset - before);
      }
    }
  }
  return 0;
}
