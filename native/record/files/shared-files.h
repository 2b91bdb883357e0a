// Files that tracees have mapped MAP_SHARED. A write to one with write(2) changes the memory of whoever maps it,
// without a trace in any call's out-parameters: the recorder looks them up here and records what changed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "record/task.h"

namespace rr {

class SharedFiles {
 public:
  struct View {
    std::weak_ptr<AddressSpace> space;
    uint64_t address;  // of the first byte
    uint64_t length;
    uint64_t offset;  // in the file
  };

  bool empty() const { return files_.empty(); }
  // True when the file was mapped shared before in this recording: its present content must then be recorded, since
  // the replayer goes on with its own copy.
  bool seen(uint64_t device, uint64_t inode) const { return files_.contains({device, inode}); }
  void add(uint64_t device, uint64_t inode, View view);
  // A process was made with a copy of the mappings.
  void inherited(const std::shared_ptr<AddressSpace>& parent, const std::shared_ptr<AddressSpace>& child);
  // Memory was moved (mremap(2)), to the same place if it was resized there. An old length of zero makes a second view.
  void moved(const std::shared_ptr<AddressSpace>& space, uint64_t from, uint64_t oldLength, uint64_t to,
             uint64_t newLength);
  // Memory was unmapped, or something else mapped over it.
  void gone(const std::shared_ptr<AddressSpace>& space, uint64_t address, uint64_t length);
  // The file holds something that replay's has not: a write where nobody had it mapped.
  bool changed(uint64_t device, uint64_t inode) const {
    auto found = files_.find({device, inode});
    return found != files_.end() && found->second.changed;
  }
  void setChanged(uint64_t device, uint64_t inode, bool changed);
  // Somebody may write to it through a mapping of this recording's, which shows in no time stamp until later.
  bool mayBeWritten(uint64_t device, uint64_t inode) const {
    auto found = files_.find({device, inode});
    return found != files_.end() && found->second.mayBeWritten;
  }
  void setMayBeWritten(uint64_t device, uint64_t inode) { files_[{device, inode}].mayBeWritten = true; }
  // A call has left the file with so many bytes. Returns the least that it had since it was last longer.
  uint64_t smallest(uint64_t device, uint64_t inode, uint64_t size);
  // The views of a file whose address space still lives; nullptr when it was never mapped.
  const std::vector<View>* views(uint64_t device, uint64_t inode) const {
    auto found = files_.find({device, inode});
    return found == files_.end() ? nullptr : &found->second.views;
  }

  // (device, inode) of all that were ever mapped.
  std::vector<std::pair<uint64_t, uint64_t>> identities() const {
    std::vector<std::pair<uint64_t, uint64_t>> all;
    for (const auto& [identity, file] : files_) all.push_back(identity);
    return all;
  }

 private:
  struct File {
    std::vector<View> views;
    bool changed = false;
    bool mayBeWritten = false;
    uint64_t smallest = ~0ULL;
  };
  std::map<std::pair<uint64_t, uint64_t>, File> files_;
};

}  // namespace rr
