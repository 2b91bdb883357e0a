// Files that tracees have mapped MAP_PRIVATE. A page of such a mapping that has not been copied yet shows what the file
// holds now, so a call that changes the file changes that memory. Where they are mapped is looked up only when such a
// call comes (file-writes.cc): programs map hundreds of files so, and change next to none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <utility>

#include "layout.h"

namespace rr {

class PrivateFiles {
 public:
  // A file of `size` bytes. True when it was not known.
  bool add(uint64_t device, uint64_t inode, uint64_t size) {
    return files_.try_emplace(Identity{device, inode}, File{size, false}).second;
  }
  bool contains(uint64_t device, uint64_t inode) const { return files_.contains({device, inode}); }
  // Nobody has it mapped any more.
  void remove(uint64_t device, uint64_t inode) { files_.erase({device, inode}); }
  // A call has left the file, which is known, with so many bytes. Returns what it had before, if that was less, else
  // the same: what lies behind is new.
  uint64_t sized(uint64_t device, uint64_t inode, uint64_t size) {
    return std::min(std::exchange(files_[{device, inode}].size, size), size);
  }
  // The size of a file that is known; of others as many as a file can have.
  uint64_t size(uint64_t device, uint64_t inode) const {
    auto found = files_.find({device, inode});
    return found == files_.end() ? ~0ULL : found->second.size;
  }
  // Whether pages of its mappings were recorded: replay has copies of them from then on, as of pages that the program
  // has written, and a change must be recorded there.
  bool recorded(uint64_t device, uint64_t inode) const {
    auto found = files_.find({device, inode});
    return found != files_.end() && found->second.recorded;
  }
  void setRecorded(uint64_t device, uint64_t inode) { files_[{device, inode}].recorded = true; }
  // Tells the runtime (preload/layout.h) which files these may be.
  void fill(std::span<uint64_t, RR_FILE_FILTER_WORDS> filter) const {
    for (const auto& [file, state] : files_) {
      for (const uint64_t bit : {RR_FILE_BIT_1(file.first, file.second), RR_FILE_BIT_2(file.first, file.second)}) {
        filter[bit / 64] |= 1ULL << bit % 64;
      }
    }
  }

 private:
  using Identity = std::pair<uint64_t, uint64_t>;  // device, inode
  struct File {
    uint64_t size = 0;
    bool recorded = false;
  };
  std::map<Identity, File> files_;
};

}  // namespace rr
