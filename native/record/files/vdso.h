// The vdso of recorded processes: its functions read the clock behind our back, so they are replaced by system calls.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rr {

// The image is the same for every process of a boot, so it is prepared once from the recorder's own.
class Vdso {
 public:
  // Finds the vdso of this process (AT_SYSINFO_EHDR) and patches a copy. Empty when there is none.
  Vdso();

  const std::vector<uint8_t>& image() const { return image_; }
  // Offset of a system call instruction in the unpatched image, for the first call made in a new program; 0: none.
  uint64_t syscallOffset() const { return syscallOffset_; }

 private:
  void patchFunctions();
  // Makes the unwind table true for the functions that are replaced. Offsets in the image.
  void describeFunctions(std::span<const uint64_t> functions);

  std::vector<uint8_t> image_;
  uint64_t syscallOffset_ = 0;
};

}  // namespace rr
