#include "record/files/frame-records.h"

#include <string.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

namespace rr {

namespace {

// How addresses are written (Linux Standard Base, "DWARF Exception Header Encoding").
constexpr uint8_t kFormat = 0x0f;
constexpr uint8_t kAbsolute = 0x00;  // eight bytes
constexpr uint8_t kUnsigned4 = 0x03;
constexpr uint8_t kUnsigned8 = 0x04;
constexpr uint8_t kSigned4 = 0x0b;
constexpr uint8_t kSigned8 = 0x0c;
constexpr uint8_t kBase = 0xf0;
constexpr uint8_t kFromOwnPlace = 0x10;
constexpr uint8_t kUsualEncoding = kFromOwnPlace | kSigned4;

// Reads one record of the table, and no byte behind it.
class RecordReader {
 public:
  explicit RecordReader(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  template <typename T>
  std::optional<T> value() {
    if (bytes_.size() < sizeof(T)) return std::nullopt;
    T result;
    memcpy(&result, bytes_.data(), sizeof result);
    bytes_ = bytes_.subspan(sizeof result);
    return result;
  }
  // LEB128, signed or not, of which only the lower 64 bits count.
  std::optional<uint64_t> number() {
    uint64_t result = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = value<uint8_t>();
      if (!byte) return std::nullopt;
      if (shift < 64) result |= uint64_t{*byte & 0x7fU} << shift;
      if ((*byte & 0x80) == 0) return result;
    }
  }
  // An address as `format` says, not relative to anything; a negative one as the unsigned number that it is.
  std::optional<uint64_t> address(uint8_t format) {
    switch (format & kFormat) {
      case kAbsolute:
      case kUnsigned8:
      case kSigned8:
        return value<uint64_t>();
      case kUnsigned4:
        return value<uint32_t>();
      case kSigned4:
        if (const auto distance = value<int32_t>()) return static_cast<uint64_t>(int64_t{*distance});
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }
  std::optional<std::string_view> text() {
    const auto end = std::ranges::find(bytes_, 0);
    if (end == bytes_.end()) return std::nullopt;
    const std::string_view result(reinterpret_cast<const char*>(bytes_.data()),
                                  static_cast<size_t>(end - bytes_.begin()));
    bytes_ = bytes_.subspan(result.size() + 1);
    return result;
  }
  bool skip(uint64_t count) {
    if (count > bytes_.size()) return false;
    bytes_ = bytes_.subspan(count);
    return true;
  }
  size_t left() const { return bytes_.size(); }
  std::span<const uint8_t> rest() const { return bytes_; }

 private:
  std::span<const uint8_t> bytes_;
};

// What the functions of one common information record share.
struct CommonRecord {
  uint8_t encoding = kAbsolute;  // of their addresses
  bool isAugmented = false;
  bool isUsual = false;
};

// The record at `offset` of the table, without its length; nothing at the table's end, and behind a record of more than
// 4 GB.
std::optional<std::span<const uint8_t>> recordAt(std::span<const uint8_t> frames, uint64_t offset) {
  if (offset > frames.size()) return std::nullopt;
  RecordReader reader(frames.subspan(offset));
  const auto length = reader.value<uint32_t>();
  if (!length || *length == 0 || *length > reader.left()) return std::nullopt;
  return reader.rest().first(*length);
}

// Nothing where the record at `offset` is none, or says something about addresses that is not known here.
std::optional<CommonRecord> commonRecordAt(std::span<const uint8_t> frames, uint64_t offset) {
  constexpr uint64_t kMinusEight = 0x78;
  constexpr uint64_t kReturnAddress = 16;  // its column
  const auto record = recordAt(frames, offset);
  if (!record) return std::nullopt;
  RecordReader reader(*record);
  const auto identifier = reader.value<uint32_t>();
  const auto version = reader.value<uint8_t>();
  const auto augmentation = reader.text();
  if (identifier != 0 || (version != 1 && version != 3) || !augmentation) return std::nullopt;
  CommonRecord common;
  if (augmentation->empty()) return common;
  if (augmentation->front() != 'z') return std::nullopt;
  common.isAugmented = true;
  const auto codeUnit = reader.number();
  const auto dataUnit = reader.number();
  // One byte in version 1, which is the same for all columns that there are.
  const auto column = reader.number();
  const auto length = reader.number();
  if (!codeUnit || !dataUnit || !column || !length) return std::nullopt;
  for (const char each : augmentation->substr(1)) {
    if (each == 'R' || each == 'L') {
      const auto encoding = reader.value<uint8_t>();
      if (!encoding) return std::nullopt;
      if (each == 'R') common.encoding = *encoding;
    } else if (each == 'P') {
      const auto encoding = reader.value<uint8_t>();
      if (!encoding || !reader.address(*encoding)) return std::nullopt;
    } else if (each != 'S') {
      return std::nullopt;
    }
  }
  const uint8_t base = common.encoding & kBase;
  if (base != 0 && base != kFromOwnPlace) return std::nullopt;
  common.isUsual = version == 1 && augmentation == "zR" && codeUnit == 1 && dataUnit == kMinusEight &&
                   column == kReturnAddress && length == 1 && common.encoding == kUsualEncoding;
  return common;
}

}  // namespace

void forEachFunction(std::span<const uint8_t> frames, uint64_t address,
                     const std::function<void(const FunctionFrame&)>& visit) {
  std::map<uint64_t, std::optional<CommonRecord>> known;
  uint64_t next = 0;
  while (const auto record = recordAt(frames, next)) {
    const uint64_t place = next + sizeof(uint32_t);
    const uint64_t end = place + record->size();
    next = end;
    RecordReader reader(*record);
    const auto distance = reader.value<uint32_t>();
    if (!distance || *distance == 0 || *distance > place) continue;
    const auto [found, isNew] = known.try_emplace(place - *distance);
    if (isNew) found->second = commonRecordAt(frames, place - *distance);
    const std::optional<CommonRecord>& common = found->second;
    if (!common) continue;
    const uint64_t ownPlace = address + (end - reader.left());
    auto begin = reader.address(common->encoding);
    const auto length = reader.address(common->encoding & kFormat);
    if (!begin || !length) continue;
    if ((common->encoding & kBase) == kFromOwnPlace) *begin += ownPlace;
    bool hasHandlers = false;
    if (common->isAugmented) {
      const auto augmentation = reader.number();
      if (!augmentation || *augmentation > reader.left()) continue;
      hasHandlers = std::ranges::any_of(reader.rest().first(*augmentation), [](uint8_t byte) { return byte != 0; });
      reader.skip(*augmentation);
    }
    visit({*begin, *length, end - reader.left(), reader.left(), hasHandlers, common->isUsual});
  }
}

}  // namespace rr
