// Prints the common system call sites of files (known-sites.h), and those that objdump does not find to be system call
// instructions: `FILE: N sites, M wrong`.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "record/runtime/known-sites.h"

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    std::ifstream stream(argv[i], std::ios::binary);
    const std::vector<char> file((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    // Addresses; in what is listed here they are offsets in the file, too, in segments with code.
    std::set<uint64_t> instructions;
    FILE* listing = popen((std::string("objdump -d --no-show-raw-insn -F ") + argv[i]).c_str(), "r");
    char line[4096];
    while (listing && fgets(line, sizeof line, listing)) {
      if (strstr(line, "\tsyscall")) instructions.insert(strtoull(line, nullptr, 16));
    }
    if (!listing || pclose(listing) != 0) return 1;
    const auto* bytes = reinterpret_cast<const uint8_t*>(file.data());
    const std::vector<uint64_t> sites = rr::commonSites({bytes, file.size()});
    size_t wrong = 0;
    for (const uint64_t site : sites) wrong += !instructions.contains(site);
    printf("%s: %zu sites, %zu wrong\n", argv[i], sites.size(), wrong);
  }
}
