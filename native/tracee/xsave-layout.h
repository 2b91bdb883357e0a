// The XSAVE area of one processor in the form of another's: a recording may be replayed where there are other
// components, or the same ones elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rr {

// Where the components are in the standard format (Intel SDM volume 1, 13.4.3), as CPUID leaf 0xd tells.
struct XsaveLayout {
  struct Component {
    uint32_t offset = 0;
    uint32_t size = 0;  // bytes; 0 for none
  };
  // XCR0 of the processor; of the area, at byte 464 where the kernel puts it.
  uint64_t features = 0;
  std::array<Component, 63> components{};

  // Bytes of an area with all components.
  size_t size() const;
};

// Of this processor.
const XsaveLayout& ownXsaveLayout();
// With those features, as Intel's and AMD's processors have it: theirs have no room for MPX (components 3 and 4).
XsaveLayout intelXsaveLayout(uint64_t features);
XsaveLayout amdXsaveLayout(uint64_t features);

// Brings recorded areas into the form of `here`. The first one must be whole; later ones may lack the zeros at their
// end.
class XsaveAdapter {
 public:
  explicit XsaveAdapter(const XsaveLayout& here = ownXsaveLayout()) : here_(here) {}

  // Nothing when a component is in use that is not here. An area that stays as it is, as one in a form that no known
  // processor has, is the caller's own; another is good until the next call.
  std::optional<std::span<const uint8_t>> adapt(std::span<const uint8_t> area);

 private:
  const XsaveLayout& here_;
  std::optional<XsaveLayout> recorded_;
  std::vector<uint8_t> adapted_;
};

}  // namespace rr
