#include "record/unwind-table.h"

#include <string.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace rr {

namespace {

// DW_EH_PE_pcrel | DW_EH_PE_sdata4: addresses of four bytes, relative to their own place.
constexpr uint8_t kRelative = 0x1b;
constexpr uint8_t kNop = 0x00;  // DW_CFA_nop
// DW_CFA_def_cfa: rsp + 8; DW_CFA_offset: the return address (column 16) is 8 bytes below that.
constexpr uint8_t kAtCall[] = {0x0c, 0x07, 0x08, 0x90, 0x01};

// Reads one record of the section, and no byte behind it.
class RecordReader {
 public:
  explicit RecordReader(std::span<uint8_t> bytes) : bytes_(bytes) {}

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
  std::span<uint8_t> rest() const { return bytes_; }

 private:
  std::span<uint8_t> bytes_;
};

// The record at `offset` of the section, without its length; nothing at the end of the table.
std::optional<std::span<uint8_t>> recordAt(std::span<uint8_t> frames, uint64_t offset) {
  if (offset > frames.size()) return std::nullopt;
  RecordReader reader(frames.subspan(offset));
  const auto length = reader.value<uint32_t>();
  if (!length || *length == 0 || *length > reader.rest().size()) return std::nullopt;
  return reader.rest().first(*length);
}

// Whether the common information record at `offset` is of the one form that is written for x86-64: augmentation "zR",
// relative addresses.
bool isUsualHead(std::span<uint8_t> frames, uint64_t offset) {
  const auto record = recordAt(frames, offset);
  if (!record) return false;
  RecordReader reader(*record);
  if (reader.value<uint32_t>() != 0 || reader.value<uint8_t>() != 1 || reader.text() != "zR") return false;
  // Alignment of code and data, the column of the return address.
  if (reader.number() != 1 || reader.number() != 0x78 || reader.value<uint8_t>() != 16) return false;
  return reader.number() == 1 && reader.value<uint8_t>() == kRelative;
}

}  // namespace

void describeAsFrameless(std::span<uint8_t> frames, uint64_t sectionOffset, std::span<const uint64_t> functions) {
  uint64_t next = 0;
  while (const auto record = recordAt(frames, next)) {
    const uint64_t place = next + sizeof(uint32_t);
    next = place + record->size();
    RecordReader reader(*record);
    const auto distance = reader.value<uint32_t>();
    if (!distance || *distance == 0 || *distance > place || !isUsualHead(frames, place - *distance)) continue;
    const auto begin = reader.value<int32_t>();
    const auto length = reader.value<uint32_t>();
    const auto augmentation = reader.number();
    if (!begin || !length || !augmentation || !reader.skip(*augmentation)) continue;
    const uint64_t function = sectionOffset + place + sizeof(uint32_t) + static_cast<uint64_t>(int64_t{*begin});
    if (std::ranges::find(functions, function) == functions.end()) continue;
    const std::span<uint8_t> rules = reader.rest();
    std::ranges::fill(rules, kNop);
    // Else there was no room for other rules than those of the head, which are these at a function's first instruction.
    if (rules.size() >= sizeof kAtCall) std::ranges::copy(kAtCall, rules.begin());
  }
}

}  // namespace rr
