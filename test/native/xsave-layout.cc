// XSAVE areas of one processor in the form of another's.
#include "tracee/xsave-layout.h"

#include <stdio.h>
#include <string.h>

#include <span>
#include <vector>

using rr::XsaveAdapter;
using rr::XsaveLayout;

namespace {

constexpr uint64_t kAvx = 0x7, kAvx512 = 0xe7, kKeys = 0x200;
int failures = 0;

void check(bool holds, const char* what) {
  if (holds) return;
  printf("not so: %s\n", what);
  failures++;
}

template <typename Word>
void set(std::vector<uint8_t>& area, size_t offset, Word value) {
  memcpy(area.data() + offset, &value, sizeof value);
}

template <typename Word>
Word get(std::span<const uint8_t> area, size_t offset) {
  Word value;
  memcpy(&value, area.data() + offset, sizeof value);
  return value;
}

// Each component in use holds its number.
std::vector<uint8_t> areaOf(const XsaveLayout& layout, uint64_t inUse) {
  std::vector<uint8_t> area(layout.size());
  set(area, 160, uint64_t{0xabcd});
  set(area, 464, layout.features);
  set(area, 512, inUse);
  for (unsigned number = 2; number < layout.components.size(); number++) {
    const auto& place = layout.components[number];
    if (inUse >> number & 1) memset(area.data() + place.offset, static_cast<int>(number), place.size);
  }
  return area;
}

bool isCallersOwn(XsaveAdapter adapter, const std::vector<uint8_t>& area) {
  const auto adapted = adapter.adapt(area);
  return adapted && adapted->data() == area.data() && adapted->size() == area.size();
}

void keepsWhatIsTheSame() {
  const XsaveLayout here = rr::intelXsaveLayout(kAvx512 | kKeys);
  const std::vector<uint8_t> area = areaOf(here, kAvx512);
  check(isCallersOwn(XsaveAdapter(here), area), "an area of this processor stays as it is");
}

void movesComponents() {
  const XsaveLayout here = rr::intelXsaveLayout(kAvx512 | kKeys);
  const XsaveLayout there = rr::amdXsaveLayout(kAvx512);
  XsaveAdapter adapter(here);
  const auto adapted = adapter.adapt(areaOf(there, kAvx512));
  check(adapted && adapted->size() == here.size(), "it has this processor's size");
  if (!adapted) return;
  check(get<uint64_t>(*adapted, 160) == 0xabcd, "the legacy region stays");
  check(get<uint64_t>(*adapted, 464) == here.features, "it has this processor's features");
  check(get<uint64_t>(*adapted, 512) == (kAvx512 | kKeys), "the same components are in use, and the keys");
  for (const unsigned number : {2u, 5u, 6u, 7u}) {
    const auto& place = here.components[number];
    check((*adapted)[place.offset] == number && (*adapted)[place.offset + place.size - 1] == number,
          "each component is where it is here");
  }
  check(get<uint32_t>(*adapted, here.components[9].offset) == 0x55555554, "keys are as a program gets them");
  // Without the zeros at its end, as a stop in mid-code keeps it.
  std::vector<uint8_t> shortened = areaOf(there, kAvx);
  shortened.resize(600);
  const auto again = adapter.adapt(shortened);
  check(again && again->size() == here.size() && (*again)[599] == 2 && (*again)[600] == 0, "what is cut has zeros");
}

void dropsOnlyWhatIsInitial() {
  const XsaveLayout here = rr::intelXsaveLayout(kAvx);
  const XsaveLayout there = rr::intelXsaveLayout(kAvx | kKeys);
  std::vector<uint8_t> area = areaOf(there, kAvx | kKeys);
  XsaveAdapter adapter(here);
  check(!adapter.adapt(area), "a program that uses keys cannot run where there are none");
  set(area, there.components[9].offset, uint64_t{0x55555554});
  const auto adapted = adapter.adapt(area);
  check(adapted && adapted->size() == here.size() && get<uint64_t>(*adapted, 512) == kAvx, "unused keys go");
}

void leavesWhatIsUnknown() {
  const XsaveLayout here = rr::intelXsaveLayout(kAvx);
  std::vector<uint8_t> area = areaOf(rr::intelXsaveLayout(kAvx512), kAvx512);
  area.resize(area.size() + 64);
  check(isCallersOwn(XsaveAdapter(here), area), "an area of unknown form stays as it is");
  const std::vector<uint8_t> small(512, 1);
  check(isCallersOwn(XsaveAdapter(here), small), "an area of FXSAVE stays as it is");
}

}  // namespace

int main() {
  keepsWhatIsTheSame();
  movesComponents();
  dropsOnlyWhatIsInitial();
  leavesWhatIsUnknown();
  const XsaveLayout& own = rr::ownXsaveLayout();
  check(own.features == 0 || own.components[2].size == 0 || own.components[2].offset == 576,
        "AVX is where it always is");
  printf("%d failures\n", failures);
  return failures == 0 ? 0 : 1;
}
