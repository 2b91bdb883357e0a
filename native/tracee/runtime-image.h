// The in-tracee runtime (preload/), as the build made it: an executable linked to its fixed address, of which the code
// is copied into tracees. preload/layout.h has the addresses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layout.h"

namespace rr {

class RuntimeImage {
 public:
  // Reads the file `rr-runtime` beside the launcher. Without it, or when it is not what it should be, `loaded` is false
  // and `error` says why.
  explicit RuntimeImage(const std::string& launcher);

  bool loaded() const { return !code_.empty(); }
  const std::string& error() const { return error_; }
  // The bytes at RR_CODE; the header is at their start.
  const std::vector<uint8_t>& code() const { return code_; }
  const rr_runtime_header& header() const { return header_; }
  bool contains(uint64_t address) const { return address >= RR_CODE && address < header_.end; }

 private:
  std::vector<uint8_t> code_;
  rr_runtime_header header_ = {};
  std::string error_;
};

}  // namespace rr
