// Which system call instructions are worth a patch before they have stopped a process: those that its program was seen
// to use, and for a program that nobody has seen yet those that C libraries use most. Plain data; sites.cc goes by
// it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace rr {

// Offsets into `code` of system call instructions with a constant number before them and a test of the result, or a
// return, behind them, whose call is one of those that programs make when they start and all the time. Other bytes do
// not look like that: what is found may be patched unseen.
std::vector<uint64_t> commonSites(std::span<const uint8_t> code);

// Device and inode. The vdso, which is no file, has zeros.
using FileIdentity = std::pair<uint64_t, uint64_t>;

// System call instructions of one file: by offset in the file, the instruction and the six bytes behind it. A file that
// has the identity of another has other bytes there.
using SiteCodes = std::map<uint64_t, uint64_t>;

// The common sites of a file, once it has been searched for them.
struct CommonSites {
  bool searched = false;
  SiteCodes sites;
};

// What the processes of one executable use.
struct ProgramSites {
  struct File {
    uint32_t calls = 0;  // bufferable ones that its first process made, patched or not
    SiteCodes used;
  };
  bool seen = false;  // a process has started with it
  std::map<FileIdentity, File> files;

  uint32_t calls() const {
    uint32_t sum = 0;
    for (const auto& [identity, file] : files) sum += file.calls;
    return sum;
  }
};

}  // namespace rr
