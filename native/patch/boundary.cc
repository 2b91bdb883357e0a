#include "patch/boundary.h"

#include <algorithm>

namespace rr {

const CodeBoundary* findBoundary(std::span<const CodeBoundary> boundaries, uint64_t offset) noexcept {
  const auto found = std::lower_bound(boundaries.begin(), boundaries.end(), offset,
                                      [](const CodeBoundary& each, uint64_t wanted) { return each.offset < wanted; });
  return found != boundaries.end() && found->offset == offset ? &*found : nullptr;
}

}  // namespace rr
