// ioctl requests that the table does not list: what the number itself says (asm-generic/ioctl.h).
#pragma once

#include <cstdint>
#include <string>

namespace rr {

struct EncodedIoctl {
  bool trusted;     // of a type whose numbers always tell the truth
  bool encoded;     // made by _IOR, _IOW or _IOWR; else it says nothing
  uint32_t length;  // bytes that the kernel writes
};

EncodedIoctl decodeIoctl(uint32_t request);

// What the user should know about an unlisted request.
std::string unlistedIoctlWarning(uint32_t request);

}  // namespace rr
