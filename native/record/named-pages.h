#pragma once
#include <cstdint>
#include <optional>

#include "patch/free-space.h"

namespace rr {

// The whole pages that a call names, as the kernel takes a start and a length (mm/madvise.c, mm/mprotect.c): nothing
// when it refuses them before it does anything, or when they name no page.
inline std::optional<AddressRange> namedPages(uint64_t start, uint64_t length) {
  constexpr uint64_t kPage = 4096;
  const uint64_t whole = (length + kPage - 1) & ~(kPage - 1);
  if (start % kPage != 0 || whole < length || start + whole <= start) return std::nullopt;
  return AddressRange{start, start + whole};
}

}  // namespace rr
