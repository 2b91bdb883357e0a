#include "record/families/ioctl.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdio>

#include "generated/syscalls.h"
#include "record/out-parameters.h"

namespace rr {

namespace {

constexpr int kDataArgument = 2;

// The parameter of every unlisted request; how long it is, its entry tells.
constexpr OutParameter kEncodedData = {
    .argument = kDataArgument,
    .length = LengthRule::fixed,
    .written = WrittenOn::always,
    .inOut = true,
    .countArgument = kNoArgument,
    .countWidth = 8,
    .countSigned = false,
    .updated = false,
    .conditionArgument = kNoArgument,
    .conditionAny = true,
    .pointerOffset = -1,
    .countOffset = 0,
    .divisor = 1,
    .base = 0,
    .element = 1,
    .most = 0,
    .conditionMask = 0,
    .conditionValue = 0,
};

std::string hexadecimal(uint32_t value) {
  char text[16];
  snprintf(text, sizeof text, "0x%x", value);
  return text;
}

}  // namespace

EncodedIoctl decodeIoctl(uint32_t request) {
  const auto& types = kTrustedIoctlTypes;
  const bool trusted = std::find(std::begin(types), std::end(types), _IOC_TYPE(request)) != std::end(types);
  const uint32_t direction = _IOC_DIR(request);
  return {trusted, direction != _IOC_NONE, (direction & _IOC_READ) != 0 ? _IOC_SIZE(request) : 0};
}

void OutParameters::enterUnlistedIoctl(uint32_t request) {
  const EncodedIoctl encoded = decodeIoctl(request);
  unlistedCommand_ = !encoded.trusted;
  // Numbers from before the encoding say nothing of their data.
  if (!encoded.encoded && !encoded.trusted) modelled_ = false;
  const uint64_t address = arguments_[kDataArgument];
  if (encoded.length == 0 || address == 0) return;
  entered_.push_back({&kEncodedData, address, encoded.length});
  regions_.push_back({address, encoded.length, kDataArgument, 0, true});
}

std::string unlistedIoctlWarning(uint32_t request) {
  const std::string what = "ioctl " + hexadecimal(request) + " is not in the table: ";
  const EncodedIoctl encoded = decodeIoctl(request);
  if (!encoded.encoded) return what + "its effects are found by comparing memory";
  if (encoded.length == 0) return what + "by its number it writes nothing, and so it is recorded";
  return what + "recorded by its encoded size, " + std::to_string(encoded.length) + " bytes";
}

}  // namespace rr
