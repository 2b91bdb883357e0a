// A file that the recorder finds by a path of /proc, and opens only where it needs more than the kernel tells of it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <string>

#include "tracee/descriptor.h"

namespace rr {

class LinkedFile {
 public:
  explicit LinkedFile(std::string path) : path_(std::move(path)) {
    struct stat status;
    if (stat(path_.c_str(), &status) == 0) identity_ = status;
  }

  // As the file was when it was found; nothing where there is none.
  const std::optional<struct stat>& identity() const { return identity_; }
  bool isRegular() const { return identity_ && S_ISREG(identity_->st_mode); }
  bool is(uint64_t device, uint64_t inode) const {
    return identity_ && identity_->st_dev == device && identity_->st_ino == inode;
  }
  const std::string& path() const { return path_; }

  // Opens the regular file for reading, once. False where it cannot be, or where another one is there now. What it is
  // like is asked again: it may have changed meanwhile.
  bool open() {
    if (file_) return true;
    if (!isRegular()) return false;
    Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat now;
    if (!file || fstat(file.number(), &now) != 0 || !S_ISREG(now.st_mode) || !is(now.st_dev, now.st_ino)) return false;
    identity_ = now;
    file_ = std::move(file);
    return true;
  }
  // Of the opened file.
  int descriptor() const { return file_.number(); }

 private:
  std::string path_;
  std::optional<struct stat> identity_;
  Descriptor file_{-1};
};

}  // namespace rr
