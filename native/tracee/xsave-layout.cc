#include "tracee/xsave-layout.h"

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#include <algorithm>

namespace rr {

namespace {

constexpr size_t kLegacySize = 512;
constexpr size_t kHeaderEnd = 576;
// In bytes that are the software's: the kernel puts XCR0 there (arch/x86/include/uapi/asm/sigcontext.h).
constexpr size_t kFeaturesAt = 464;
// XSTATE_BV: the components that are in use.
constexpr size_t kInUseAt = kLegacySize;
constexpr unsigned kFirstExtended = 2;
constexpr unsigned kKeys = 9;
// What Linux gives each program (init_pkru of mm/pkeys.c): pages without a key are open, all others closed.
constexpr uint32_t kInitialKeys = 0x55555554;
constexpr uint64_t kLegacy = 3;

struct KnownComponent {
  unsigned number;
  XsaveLayout::Component place;
};

XsaveLayout layoutOf(uint64_t features, std::span<const KnownComponent> known) {
  XsaveLayout layout;
  layout.features = features;
  for (const KnownComponent& component : known) {
    if (features >> component.number & 1) layout.components[component.number] = component.place;
  }
  return layout;
}

template <typename Word>
Word wordAt(std::span<const uint8_t> bytes, size_t offset) {
  Word word = 0;
  if (offset + sizeof word <= bytes.size()) memcpy(&word, bytes.data() + offset, sizeof word);
  return word;
}

template <typename Word>
void setWord(std::vector<uint8_t>& bytes, size_t offset, Word word) {
  memcpy(bytes.data() + offset, &word, sizeof word);
}

// The bytes of a component as far as the area goes.
std::span<const uint8_t> componentOf(std::span<const uint8_t> area, const XsaveLayout::Component& place) {
  if (place.offset >= area.size()) return {};
  return area.subspan(place.offset, std::min<size_t>(place.size, area.size() - place.offset));
}

// Whether nothing is lost with a component that is not here.
bool isInitial(unsigned number, std::span<const uint8_t> bytes) {
  if (number == kKeys) return wordAt<uint32_t>(bytes, 0) == kInitialKeys;
  return std::all_of(bytes.begin(), bytes.end(), [](uint8_t byte) { return byte == 0; });
}

bool hasAllComponents(const XsaveLayout& layout) {
  for (unsigned number = kFirstExtended; number < layout.components.size(); number++) {
    if ((layout.features >> number & 1) && layout.components[number].size == 0) return false;
  }
  return true;
}

XsaveLayout readOwnLayout() {
  XsaveLayout layout;
  unsigned a, b, c, d;
  if (!__get_cpuid_count(1, 0, &a, &b, &c, &d) || (c & bit_OSXSAVE) == 0) return layout;
  unsigned low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  layout.features = uint64_t{high} << 32 | low;
  for (unsigned number = kFirstExtended; number < layout.components.size(); number++) {
    if ((layout.features >> number & 1) == 0) continue;
    if (__get_cpuid_count(0xd, number, &a, &b, &c, &d)) layout.components[number] = {b, a};
  }
  return layout;
}

}  // namespace

size_t XsaveLayout::size() const {
  size_t end = kHeaderEnd;
  for (const Component& component : components) {
    if (component.size > 0) end = std::max<size_t>(end, component.offset + component.size);
  }
  return end;
}

const XsaveLayout& ownXsaveLayout() {
  static const XsaveLayout layout = readOwnLayout();
  return layout;
}

// The offsets are fixed for all of a maker's processors so far, and read off them by CPUID.
XsaveLayout intelXsaveLayout(uint64_t features) {
  static constexpr KnownComponent kKnown[] = {{2, {576, 256}},    {3, {960, 64}},   {4, {1024, 64}},
                                              {5, {1088, 64}},    {6, {1152, 512}}, {7, {1664, 1024}},
                                              {kKeys, {2688, 8}}, {17, {2752, 64}}, {18, {2816, 8192}}};
  return layoutOf(features, kKnown);
}

XsaveLayout amdXsaveLayout(uint64_t features) {
  static constexpr KnownComponent kKnown[] = {
      {2, {576, 256}}, {5, {832, 64}}, {6, {896, 512}}, {7, {1408, 1024}}, {kKeys, {2432, 8}}};
  return layoutOf(features, kKnown);
}

std::optional<std::span<const uint8_t>> XsaveAdapter::adapt(std::span<const uint8_t> area) {
  const auto features = wordAt<uint64_t>(area, kFeaturesAt);
  // FXSAVE's alone: the same everywhere.
  if (area.size() < kHeaderEnd || features == 0) return area;
  if (!recorded_ || recorded_->features != features) {
    const XsaveLayout candidates[] = {here_, intelXsaveLayout(features), amdXsaveLayout(features)};
    const auto* found = std::find_if(std::begin(candidates), std::end(candidates), [&](const XsaveLayout& layout) {
      return layout.features == features && layout.size() == area.size() && hasAllComponents(layout);
    });
    // The kernel is to say what it makes of it.
    if (found == std::end(candidates)) return area;
    recorded_ = *found;
  }
  const auto sameComponents = [](const XsaveLayout::Component& a, const XsaveLayout::Component& b) {
    return a.offset == b.offset && a.size == b.size;
  };
  if (features == here_.features && std::ranges::equal(recorded_->components, here_.components, sameComponents)) {
    return area;
  }
  adapted_.assign(here_.size(), 0);
  std::copy_n(area.begin(), kHeaderEnd, adapted_.begin());
  const auto inUse = wordAt<uint64_t>(area, kInUseAt);
  uint64_t inUseHere = inUse & kLegacy;
  for (unsigned number = kFirstExtended; number < here_.components.size(); number++) {
    if ((inUse >> number & 1) == 0) continue;
    const std::span<const uint8_t> bytes = componentOf(area, recorded_->components[number]);
    const XsaveLayout::Component& place = here_.components[number];
    if (place.size == 0 && !isInitial(number, bytes)) return std::nullopt;
    if (place.size == 0) continue;
    std::copy_n(bytes.begin(), std::min<size_t>(bytes.size(), place.size), adapted_.begin() + place.offset);
    inUseHere |= uint64_t{1} << number;
  }
  // Without the component all pages would be open, and a stop in mid-code looks for what is there.
  if (here_.components[kKeys].size > 0 && recorded_->components[kKeys].size == 0) {
    setWord(adapted_, here_.components[kKeys].offset, kInitialKeys);
    inUseHere |= uint64_t{1} << kKeys;
  }
  setWord(adapted_, kInUseAt, inUseHere);
  setWord(adapted_, kFeaturesAt, here_.features);
  return adapted_;
}

}  // namespace rr
